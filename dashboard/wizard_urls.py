"""The URLs of the wizard."""

from django.urls import path

from dashboard.wizard import photos, views

urlpatterns = [
    path("dashboard/models/new", views.new_model, name="new_model"),
    path("dashboard/models/new/trigger-word", views.suggest_word, name="suggest_word"),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/upload",
        photos.photo_upload,
        name="photo_upload",
    ),
    path("dashboard/models/new/<uuid:model_id>/<slug:step>", views.step, name="wizard"),
    path("dashboard/photos/<uuid:photo_id>/remove", photos.photo_remove, name="photo_remove"),
    path("dashboard/photos/<uuid:photo_id>/move", photos.photo_move, name="photo_move"),
    path("dashboard/photos/<uuid:photo_id>/caption", photos.photo_caption, name="photo_caption"),
]
