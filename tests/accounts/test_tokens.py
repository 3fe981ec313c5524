"""Tokens for programs: made, checked, ended; what is kept and what is written about them."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from accounts import later, program_calls, request_counts, tokens
from accounts.deletion import delete_account_row
from accounts.models import ApiToken, User
from accounts.tasks import prune
from accounts.tokens import AlreadyMadeError, TooManyTokensError
from tests.accounts.test_invitation_races import MANY, all_at_once
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
HERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def within_one_minute(monkeypatch):
    """Counts of other tests are gone, and the minute does not end in between."""
    cache.clear()
    monkeypatch.setattr(request_counts, "_away_until", 0.0)
    now = timezone.now().timestamp() // 60 * 60 + 20
    monkeypatch.setattr(request_counts, "_now", lambda: now)
    yield
    cache.clear()


@pytest.fixture
def security_lines(caplog) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "theway.security")
    return caplog


def make(user: User, scope: str = "write", days: int | None = 90) -> tuple[ApiToken, str]:
    lasts = timedelta(days=days) if days else None
    return tokens.make(user, name="a script", scope=scope, expires_in=lasts)


def is_let_in(raw: str) -> bool:
    return tokens.authenticate(raw, address=HERE) is not None


# --- what is kept ---------------------------------------------------------------------------


def test_a_token_is_256_random_bits_of_which_only_a_hash_is_kept(owner):
    token, raw = make(owner)
    assert raw.startswith("tw_") and len(raw) == 3 + 43
    row = str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert raw not in row and raw[3:] not in row
    assert token.hint == raw[-4:]


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text))
def test_no_two_tokens_are_alike_or_have_the_same_hash(owner, name):
    ApiToken.objects.all().delete()
    made = [
        tokens.make(
            owner, name=name.encode("utf-8", "replace").decode(), scope="read", expires_in=None
        )
        for _ in range(5)
    ]
    assert len({raw for _, raw in made}) == len({token.token_hash for token, _ in made}) == 5


def test_the_database_knows_no_other_scope(owner):
    token, _ = make(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.filter(pk=token.pk).update(scope="all")
    token.scope = "all"
    with pytest.raises(ValidationError):
        token.full_clean()


@pytest.mark.parametrize(
    ("has", "may"),
    [("read", {"read"}), ("write", {"read", "write"}), ("spend", {"read", "write", "spend"})],
)
def test_each_scope_includes_what_is_below_it(has, may):
    token = ApiToken(scope=has)
    assert {scope for scope in ("read", "write", "spend") if token.allows(scope)} == may


# --- checking -------------------------------------------------------------------------------


def test_a_token_lets_in_whose_it_is(owner, stranger):
    token, raw = make(owner)
    make(stranger)
    found = tokens.authenticate(raw, address=HERE)
    assert found is not None
    assert (found.pk, found.user) == (token.pk, owner)


def test_checking_takes_one_query_and_writes_nothing_while_it_is_in_use(owner):
    _, raw = make(owner)
    assert is_let_in(raw)
    with CaptureQueriesContext(connection) as queries:
        assert is_let_in(raw)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]


@pytest.mark.parametrize("days", [30, 90, 365])
def test_a_token_ends_on_its_day(owner, days):
    _, raw = make(owner, days=days)
    with time_machine.travel(timezone.now() + timedelta(days=days, minutes=-1)):
        assert is_let_in(raw)
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        assert not is_let_in(raw)


def test_a_token_without_an_end_goes_on(owner):
    _, raw = make(owner, days=None)
    with time_machine.travel(timezone.now() + timedelta(days=4000)):
        assert is_let_in(raw)


def test_a_revoked_token_is_refused_at_once_and_others_go_on(owner):
    (token, raw), (_, other) = make(owner), make(owner)
    assert tokens.revoke(token, by=owner)
    assert not is_let_in(raw)
    assert is_let_in(other)


def test_what_has_ended_cannot_be_revoked_once_more(owner):
    token, _ = make(owner)
    assert tokens.revoke(token, by=owner)
    first = ApiToken.objects.get(pk=token.pk).revoked_at
    assert not tokens.revoke(token, by=owner)
    assert ApiToken.objects.get(pk=token.pk).revoked_at == first
    over, _ = make(owner)
    ApiToken.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    assert not tokens.revoke(over, by=owner)


def test_a_disabled_account_has_no_tokens_until_it_is_enabled(owner):
    _, raw = make(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert not is_let_in(raw)
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert is_let_in(raw)


def test_an_operator_of_a_public_site_needs_a_second_step(settings, operator, one_time_codes):
    _, raw = make(operator)
    settings.SITE_IS_PUBLIC = True
    assert not is_let_in(raw)
    one_time_codes(operator)
    assert is_let_in(raw)


def test_another_password_ends_no_token(owner_client, owner):
    _, raw = make(owner)
    new = "another horse battery"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    owner_client.post("/account/again/", {"password": PASSWORD})
    owner_client.post("/account/password/", data)
    owner.refresh_from_db()
    assert owner.check_password(new)
    assert is_let_in(raw)


@pytest.mark.parametrize("raw", ["", "tw_", "tw_x", "x" * 46, "tw_" + "a" * 44, "tw_" + "é" * 43])
def test_what_cannot_be_a_token_is_not_looked_up(raw, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not is_let_in(raw)


# --- when it was used -----------------------------------------------------------------------


def test_use_is_noted_once_a_minute_with_where_it_came_from(owner, monkeypatch):
    noted = []
    monkeypatch.setattr(later, "start", lambda work, args: (noted.append(args), work(*args)))
    token, raw = make(owner)
    for _ in range(3):
        is_let_in(raw)
    token.refresh_from_db()
    assert len(noted) == 1
    assert token.last_used_from == HERE
    used = token.last_used_at
    with time_machine.travel(used + timedelta(seconds=61)):
        monkeypatch.setattr(request_counts, "_now", lambda: used.timestamp() + 61)
        is_let_in(raw)
    token.refresh_from_db()
    assert len(noted) == 2
    assert token.last_used_at > used


def test_of_many_calls_that_cannot_see_each_other_one_is_noted(owner, put_off):
    _, raw = make(owner)
    for _ in range(20):
        assert is_let_in(raw)
    assert len(put_off) == 1


def test_a_token_works_where_its_use_cannot_be_written(owner, monkeypatch):
    def refuse(work, args):
        later.do(_fails, *args)

    monkeypatch.setattr(later, "start", refuse)
    assert is_let_in(make(owner)[1])


def _fails(*args: object) -> None:
    raise OSError("read-only")


@pytest.mark.parametrize("address", ["", "unix:", "not an address"])
def test_a_call_from_nowhere_is_noted_without_an_address(owner, address):
    token, raw = make(owner)
    assert tokens.authenticate(raw, address=address)
    token.refresh_from_db()
    assert token.last_used_at and token.last_used_from is None


# --- how many -------------------------------------------------------------------------------


def test_one_person_has_fifty_tokens_that_count(owner, stranger, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 3)
    first = make(owner)[0], make(owner), make(owner)
    with pytest.raises(TooManyTokensError, match="You have 3 tokens"):
        make(owner)
    make(stranger)
    tokens.revoke(first[0], by=owner)
    make(owner)


@pytest.mark.django_db(transaction=True)
def test_of_presses_at_once_one_gets_the_last_token(monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    person = UserFactory()

    def press(_: int) -> int:
        try:
            make(person)
        except TooManyTokensError:
            return 0
        return 1

    assert sorted(all_at_once(press)) == [0] * (MANY - 1) + [1]


@pytest.mark.django_db(transaction=True)
def test_of_one_press_that_is_sent_often_there_is_one_token():
    person, press = UserFactory(), ApiToken().pk

    def send(_: int) -> int:
        try:
            tokens.make(person, name="x", scope="read", expires_in=None, token_id=press)
        except AlreadyMadeError:
            return 0
        return 1

    assert sum(all_at_once(send)) == ApiToken.objects.count() == 1


def test_tokens_that_ended_long_ago_are_forgotten_and_others_are_not(owner):
    live, revoked, ended = (make(owner)[0] for _ in range(3))
    long_ago = timezone.now() - tokens.KEPT_FOR - timedelta(days=1)
    ApiToken.objects.filter(pk=revoked.pk).update(revoked_at=long_ago)
    ApiToken.objects.filter(pk=ended.pk).update(expires_at=long_ago)
    prune()
    assert list(tokens.tokens_of(owner)) == [live]


def test_tokens_end_with_the_account(owner, stranger):
    _, raw = make(owner)
    kept, _ = make(stranger)
    delete_account_row(owner)
    assert not is_let_in(raw)
    assert list(ApiToken.objects.all()) == [kept]


# --- what is counted and written ------------------------------------------------------------


def test_the_security_log_names_tokens_by_their_id_and_has_none(owner, operator, security_lines):
    token, raw = make(owner)
    tokens.revoke(token, by=operator)
    assert not is_let_in(raw)
    about = f"token={token.pk}"
    assert security_lines.messages == [
        f"token made account={owner.pk} {about} scope=write",
        f"token revoked account={owner.pk} {about} by={operator.pk}",
        f"token refused reason=revoked {about} account={owner.pk} from={HERE}",
    ]
    assert raw[3:] not in security_lines.text


def test_who_keeps_on_with_a_wrong_token_writes_one_line_a_minute(security_lines, monkeypatch):
    for number in range(5):
        assert not is_let_in("tw_" + str(number) * 43)
    assert security_lines.messages == [
        f"token refused reason=unknown token=- account=- from={HERE}"
    ]
    minute = request_counts._now() + 60
    monkeypatch.setattr(request_counts, "_now", lambda: minute)
    is_let_in("tw_" + "x" * 43)
    assert len(security_lines.messages) == 2


def test_wrong_tokens_are_counted_for_their_network(settings):
    settings.LIMIT_REQUESTS_PER_TOKEN = 2
    for _ in range(3):
        tokens.authenticate("tw_wrong", address="2001:db8:1:2::1")
    assert program_calls.are_too_many_refused("2001:db8:1:2::9")
    assert not program_calls.are_too_many_refused("2001:db8:1:3::9")
    settings.LIMIT_REQUESTS_PER_TOKEN = None
    assert not program_calls.are_too_many_refused("2001:db8:1:2::9")


def test_a_header_is_counted_alike_however_it_is_written(owner):
    _, raw = make(owner)
    forms = [f"Bearer {raw}", f"bearer {raw}", f"BEARER    {raw} "]
    assert len({tokens.key_of(form) for form in forms}) == 1
    assert tokens.key_of(f"Basic {raw}") != tokens.key_of("Basic x")
    assert raw[3:] not in tokens.key_of(forms[0])
