"""What holds for the form of every step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

import pytest
from pydantic import SecretStr

from auth_flow import AuthFlow, ChooseFactor
from auth_flow.core import Turn
from auth_flow.errors import (
    CallerError,
    CodeMismatchException,
    EventNotAccepted,
    GuardRejected,
    ThrottlingError,
)
from auth_flow.states import (
    STEPS,
    CodeDelivery,
    ConfirmationRequired,
    Idle,
    MfaSelection,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    Step,
    TotpSetup,
)
from auth_flow.states._fate import check_repetition
from auth_flow.states._work import WORK
from auth_flow.states.chart import CHART
from auth_flow.states.forms import About, Form, FormName, Text
from auth_flow.states.forms._draft import HasForm
from auth_flow.states.forms._models import map_texts
from auth_flow.states.steps import english
from tests.chart.samples import NOW
from tests.forms.outlines import FILE, outlines
from tests.forms.resting import PASSWORD, STANDING, answers

FORMS = pytest.mark.parametrize(
    ("flow", "name"), [case[1:] for case in STANDING], ids=[case[0] for case in STANDING]
)


def texts(form: Form) -> list[Text]:
    found: list[Text] = []

    def seen(text: Text) -> Text:
        found.append(text)
        return text

    map_texts(form, seen)
    return found


def test_every_step_has_a_form() -> None:
    assert {flow.step.name for _, flow, _ in STANDING} == set(STEPS)


def test_each_form_has_the_parts_that_its_outline_lists() -> None:
    assert outlines() == FILE.read_text(encoding="utf-8"), (
        "if this is on purpose, run: python3 scripts/tool.py tests.forms.outlines"
    )


@FORMS
def test_no_text_is_without_a_key_of_the_catalogue(flow: AuthFlow, name: FormName | None) -> None:
    catalogue = english()
    for text in texts(flow.form(name)):
        assert re.fullmatch(r"[\w.:]+", text.key)
        assert str(Text.of(text.key, catalogue[text.key], text.params)) == str(text)
        assert "{" not in str(text)


def test_a_key_is_used_for_one_sentence_only() -> None:
    own: list[str] = []
    for step in STEPS.values():
        own += step.catalogue()
    assert len(own) == len(set(own))


@FORMS
def test_no_secret_has_a_value(flow: AuthFlow, name: FormName | None) -> None:
    typed = dict.fromkeys((field.name for field in flow.form(name).fields), "typed")
    form = flow.form(name, values=typed)
    for field in form.fields:
        assert not (field.secret and field.value)
        if not field.secret and not field.read_only:
            assert field.value == "typed"
    assert {field.name for field in form.fields if field.secret} >= {
        field.name
        for field in form.fields
        if field.kind in ("password", "new_password", "code", "passkey")
    }
    assert PASSWORD not in repr(form)
    assert PASSWORD not in form.model_dump_json()


@FORMS
def test_it_travels_as_json(flow: AuthFlow, name: FormName | None) -> None:
    form = flow.form(name)
    assert Form.model_validate_json(form.model_dump_json()) == form
    assert Form.model_validate(form.model_dump(mode="json")) == form


@FORMS
def test_it_fits_the_platforms(flow: AuthFlow, name: FormName | None) -> None:
    form = flow.form(name)
    assert len(str(form.title)) <= 24  # the title of a modal in Slack
    assert len(form.token) == 8
    for field in form.fields:
        assert len(str(field.label)) <= 45  # the label of an input in Discord
        assert len(field.name.encode()) <= 100  # an input's id in Discord
        assert len(field.choices) <= 25  # options in Discord
        for choice in field.choices:
            assert len(str(choice.label)) <= 75  # a button in Slack
            assert len(f"{form.token}:{field.name}={choice.value}".encode()) <= 64
    for action in form.actions:
        assert len(str(action.label)) <= 45
        assert len(f"{form.token}:{action.name}".encode()) <= 64  # a button's data in Telegram


@FORMS
def test_fields_are_in_the_order_in_which_to_ask(flow: AuthFlow, name: FormName | None) -> None:
    def place(kind: str, read_only: bool) -> int:
        late = {"code": 2, "passkey": 2, "password": 3, "new_password": 3}
        return 0 if read_only else late.get(kind, 1)

    places = [place(field.kind, field.read_only) for field in flow.form(name).fields]
    assert places == sorted(places)


@FORMS
def test_filled_in_it_is_an_event_that_the_chart_takes(
    flow: AuthFlow, name: FormName | None
) -> None:
    form = flow.form(name)
    for action in form.actions:
        if action.available_at is not None and action.available_at > NOW:
            continue
        values = answers(form) if form.questions else {}
        event = flow.fill(values, action.name, form=name)
        turn = Turn(flow.record, event, flow.pool, clock=lambda: NOW, password=flow._password)
        assert CHART.begin(turn)
    if not form.actions:
        assert flow.step.name == "DONE"


@FORMS
def test_no_action_repeats_an_event_whose_reply_was_lost(
    flow: AuthFlow, name: FormName | None
) -> None:
    form = flow.form(name)
    if flow.record.unanswered is None:
        assert form.problem is None
        return
    assert form.problem
    assert form.problem.code == "fate_unknown"
    for action in form.actions:
        if action.available_at is None or action.available_at <= NOW:
            event = flow.fill(answers(form), action.name, form=name)
            turn = Turn(flow.record, event, flow.pool, clock=lambda: NOW)
            if CHART.begin(turn).target in WORK:
                check_repetition(turn)


@FORMS
def test_left_empty_it_names_every_fault(flow: AuthFlow, name: FormName | None) -> None:
    form = flow.form(name)
    required = {field.name for field in form.questions if field.required}
    if not required:
        return
    with pytest.raises(GuardRejected) as caught:
        flow.fill({"colour": "blue"}, form=name)
    problems = caught.value.problems
    assert set(problems) == {*required, "colour"}
    assert caught.value.code in ("required", "passkey_invalid")
    again = flow.form(name, error=caught.value)
    assert {field.name for field in again.fields if field.problem} == required
    for problem in problems.values():
        assert problem.text.key in english()
        assert str(problem) in str(caught.value)
    assert "refused" not in str(caught.value)


@FORMS
def test_an_action_that_is_not_offered_is_refused(flow: AuthFlow, name: FormName | None) -> None:
    with pytest.raises(CallerError) as caught:
        flow.fill({}, "fly", form=name)
    if flow.form(name).actions:
        assert isinstance(caught.value, GuardRejected)
        assert caught.value.code == "unknown_action"
    else:
        assert isinstance(caught.value, EventNotAccepted)


@FORMS
def test_it_can_be_put_into_another_language(flow: AuthFlow, name: FormName | None) -> None:
    backwards = {key: sentence.upper() for key, sentence in english().items()}
    form = flow.form(name)
    for before, after in zip(texts(form), texts(form.in_language(backwards)), strict=True):
        assert after.key == before.key
        if not before.params:
            assert str(after) == str(before).upper()
    assert form.in_language({}) == form


KEYS = {key: key for key in english()}
SENT = CodeDelivery(destination="a***", medium="EMAIL")


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (
            ConfirmationRequired(code_delivery=SENT).form(
                About(error=CodeMismatchException("No.", operation="ConfirmSignUp"))
            ),
            """\
            field.code: problem.code_mismatch
            form.confirmation_required.title
            form.confirmation_required.email_sent
              resend_code: action.resend_code
              cancel: action.cancel""",
        ),
        (
            TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/a").form(
                About(error=ThrottlingError("Slow.", operation="VerifySoftwareToken"))
            ),
            """\
            problem.too_many
            form.totp_setup.title
            form.totp_setup.text
            exhibit.qr: otpauth://totp/a
            exhibit.copy: JBSW Y3DP
            exhibit.link: otpauth://totp/a
              cancel: action.cancel""",
        ),
        (
            MfaSelection(allowed_mfa_types=("SMS", "TOTP")).form(),
            """\
            form.mfa_selection.title
              SMS: choice.SMS
              TOTP: choice.TOTP
              cancel: action.cancel""",
        ),
        (
            PasskeyRequired(options={"challenge": "YWJj"}).form(),
            """\
            form.passkey_required.title
            form.passkey_required.text
            field.credential: {"challenge": "YWJj"}
              choose_factor:PASSWORD: action.choose_factor.PASSWORD
              choose_factor:EMAIL_OTP: action.choose_factor.EMAIL_OTP
              choose_factor:SMS_OTP: action.choose_factor.SMS_OTP
              choose_factor:WEB_AUTHN: action.choose_factor.WEB_AUTHN
              cancel: action.cancel""",
        ),
        (
            PasswordResetCode().form(About(username="ada")),
            """\
            form.password_reset_code.title
            form.password_reset_code.text
            field.new_password: hint.new_password
              resend_code: action.resend_code
              cancel: action.cancel""",
        ),
        (Idle().form(), "form.sign_in.title"),
    ],
    ids=lambda value: value.name if isinstance(value, Form) else "",
)
def test_a_form_in_plain_text(form: Form, lines: str) -> None:
    assert form.in_language(KEYS).as_text() == dedent(lines)


def test_a_form_hides_what_is_shown_once() -> None:
    totp = TotpSetup(shared_secret="JBSWY3DP", setup_uri="otpauth://totp/JBSWY3DP")
    assert "JBSW" not in repr(totp.form())
    assert "YWJj" not in repr(PasskeyRequired(options={"challenge": "YWJj"}).form())
    about = About(values={"username": "typed"}, password=SecretStr("held"))
    assert "typed" not in repr(about)
    assert "password=" not in repr(about)


def test_a_form_without_texts_of_its_own_has_a_title() -> None:
    class Bare(HasForm):
        name = "BARE"

    form = Bare().form()
    assert (form.title.key, form.text, form.fields) == ("form.title", None, ())
    assert [action.name for action in form.actions] == ["cancel"]


@pytest.mark.parametrize(
    ("step", "typed", "shown"),
    [(Idle(), "eve", "eve"), (Idle(), 5, "ada"), (PasswordRequired(), "eve", "ada")],
)
def test_what_was_typed_is_shown_again_if_it_is_a_text(
    step: Step, typed: object, shown: str
) -> None:
    """A field that cannot be filled in shows what the flow knows."""
    form = step.form(About(username="ada", values={"username": typed}))
    assert form.fields[0].value == shown


def test_a_text_needs_no_parameters() -> None:
    assert Text(key="key", text="Hello.") == Text.of("key", "Hello.")


def test_a_parameter_that_is_not_given_stays_as_it_is() -> None:
    assert str(Text.of("key", "{greeting}, {name}!", {"name": "Ada"})) == "{greeting}, Ada!"


def test_a_token_names_the_instance_of_a_step() -> None:
    tokens = {case: flow.form(name).token for case, flow, name in STANDING}
    same = [case for case in tokens if f"{case} with password" in tokens]
    assert len({tokens[case] for case in same}) == len(same)
    assert all(tokens[case] == tokens[f"{case} with password"] for case in same)


def _patterns() -> Iterator[str]:
    for _, flow, name in STANDING:
        for field in flow.form(name).fields:
            for rule in field.rules:
                yield rule.pattern


def test_patterns_are_anchored_or_simple_and_compile() -> None:
    patterns = set(_patterns())
    assert len(patterns) >= 10
    for pattern in patterns:
        assert re.compile(pattern)
        assert not re.search(r"\(\?|\\[AZz]|\+\+", pattern)  # no syntax of one language only


def test_one_name_for_the_password_whichever_way_it_is_sent() -> None:
    flow = next(flow for _, flow, _ in STANDING if flow.step.name.endswith("FACTOR_SELECTION"))
    (field,) = flow.form().questions
    assert [choice.value for choice in field.choices] == ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]
    event = flow.fill({"factor": "password"})
    assert event == ChooseFactor(factor="PASSWORD_SRP")
