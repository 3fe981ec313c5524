"""A picture's own page: all that the full view has, without a script."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from generation.models import GeneratedImage
from tests.dashboard.in_browser import sign_in
from tests.factories import GeneratedImageFactory, UserModelFactory

GALLERY = "/dashboard/pictures"


@pytest.fixture
def image(owner) -> GeneratedImage:
    model = UserModelFactory(owner=owner, ready=True, name="Mira")
    settings = {"strength": 0.85}
    return GeneratedImageFactory(model=model, prompt="in <b>Rome</b>", seed=4711, settings=settings)


def test_it_has_the_picture_its_settings_and_what_can_be_done(owner_client, image):
    page = owner_client.get(reverse("dashboard:image", args=[image.pk])).content.decode()
    assert "in &lt;b&gt;Rome&lt;/b&gt;" in page
    assert "<b>Rome" not in page
    file = reverse("dashboard:image_file", args=[image.pk, "full"])
    studio = reverse("dashboard:model", args=[image.model_id])
    delete = reverse("dashboard:image_delete", args=[image.pk])
    for part in ("4711", "0.85", f'src="{file}"', f'href="{file}" download', studio, delete):
        assert part in page
    assert f'href="{GALLERY}" aria-current="true"' in page


def test_it_costs_no_more_than_its_row(owner_client, image, django_assert_num_queries):
    with django_assert_num_queries(3):  # session, user, the picture with its model
        owner_client.get(reverse("dashboard:image", args=[image.pk]))


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_picture_is_seen_and_deleted_without_a_script(chromium, live_server, owner, image):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, owner, live_server.url)
    page = context.new_page()
    page.goto(GALLERY)
    page.locator(f"#picture-{image.pk}").click()
    expect(page.get_by_text("4711")).to_be_visible()
    page.locator("aside summary").click()
    page.get_by_role("button", name="Delete picture").click()
    expect(page.get_by_text("The picture is deleted.")).to_be_visible()
    assert page.url.endswith(GALLERY)
    assert not GeneratedImage.objects.exists()
    context.close()
