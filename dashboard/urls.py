"""The URLs of all pages."""

from django.urls import path

from dashboard.live.stream import ADDRESS, events
from dashboard.pages import activity, data, files, gallery, home, job_actions, model
from dashboard.phone import page as phone, panel
from dashboard.wizard import captions, crops, photos, views

app_name = "dashboard"

wizard_patterns = [
    path("dashboard/models/new", views.new_model, name="new_model"),
    path("dashboard/models/new/trigger-word", views.suggest_word, name="suggest_word"),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/upload",
        photos.photo_upload,
        name="photo_upload",
    ),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/captions",
        captions.captions,
        name="captions",
    ),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/parts", photos.photo_parts, name="photo_parts"
    ),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/parts/<uuid:upload_id>",
        photos.photo_part,
        name="photo_part",
    ),
    path("dashboard/models/new/<uuid:model_id>/phone/make", panel.phone_make, name="phone_make"),
    path("dashboard/models/new/<uuid:model_id>/phone/end", panel.phone_end, name="phone_end"),
    path("dashboard/models/new/<uuid:model_id>/photos/live", panel.photos_live, name="photos_live"),
    path("phone/<str:token>/", phone.phone_page, name="phone_page"),
    path("phone/<str:token>/photos", phone.phone_upload, name="phone_upload"),
    path("phone/<str:token>/parts", phone.phone_parts, name="phone_parts"),
    path("phone/<str:token>/parts/<uuid:upload_id>", phone.phone_part, name="phone_part"),
    path("phone/<str:token>/remove", phone.phone_remove, name="phone_remove"),
    path("dashboard/models/new/<uuid:model_id>/<slug:step>", views.step, name="wizard"),
    path(
        "dashboard/models/new/<uuid:model_id>/photos/advice",
        photos.photo_advice,
        name="photo_advice",
    ),
    path("dashboard/photos/<uuid:photo_id>/remove", photos.photo_remove, name="photo_remove"),
    path("dashboard/photos/<uuid:photo_id>/move", photos.photo_move, name="photo_move"),
    path("dashboard/photos/<uuid:photo_id>/caption", photos.photo_caption, name="photo_caption"),
    path("dashboard/photos/<uuid:photo_id>/crop", crops.photo_crop, name="photo_crop"),
]
page_patterns = [
    path("", home.landing, name="landing"),
    path("dashboard/", home.home, name="home"),
    path(ADDRESS, events, name="events"),
    path("dashboard/models", home.models, name="models"),
    path("dashboard/models/<uuid:model_id>", model.model, name="model"),
    path("dashboard/models/<uuid:model_id>/live", model.model_live, name="model_live"),
    path("dashboard/models/<uuid:model_id>/generate", model.generate, name="generate"),
    path("dashboard/models/<uuid:model_id>/delete", model.model_delete, name="model_delete"),
    path(
        "dashboard/models/<uuid:model_id>/delete/ask", model.model_question, name="model_question"
    ),
    path("dashboard/models/<uuid:model_id>/weights", files.weights, name="weights"),
    path(
        "dashboard/models/<uuid:model_id>/weights/kohya", files.kohya_weights, name="kohya_weights"
    ),
    path("dashboard/photos/<uuid:photo_id>/<slug:size>", files.photo_file, name="photo_file"),
    path(
        "dashboard/jobs/<uuid:job_id>/ask/<slug:about>",
        job_actions.job_question,
        name="job_question",
    ),
    path("dashboard/jobs/<uuid:job_id>/cancel", job_actions.job_cancel, name="job_cancel"),
    path("dashboard/jobs/<uuid:job_id>/retry", job_actions.job_retry, name="job_retry"),
    path("dashboard/jobs/<uuid:job_id>/abandon", job_actions.job_abandon, name="job_abandon"),
    path(
        "dashboard/jobs/<uuid:job_id>/not-started",
        job_actions.job_not_started,
        name="job_not_started",
    ),
    path("dashboard/pictures", gallery.gallery, name="gallery"),
    path("dashboard/pictures/<uuid:image_id>", gallery.image, name="image"),
    path("dashboard/pictures/<uuid:image_id>/delete", gallery.image_delete, name="image_delete"),
    path("dashboard/pictures/<uuid:image_id>/<slug:size>", files.image_file, name="image_file"),
    path("dashboard/samples/<uuid:sample_id>/<slug:size>", files.sample_file, name="sample_file"),
    path("dashboard/activity", activity.activity, name="activity"),
    path("dashboard/data", data.data, name="data"),
    path("dashboard/data/export", data.data_export, name="data_export"),
    path("dashboard/data/stop", data.stop_all, name="stop_all"),
    path("dashboard/data/delete-account", data.account_delete, name="account_delete"),
    path("files/weights/<str:token>.safetensors", files.signed_weights, name="signed_weights"),
]
urlpatterns = [*wizard_patterns, *page_patterns]
