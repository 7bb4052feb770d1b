"""Report notices to OpenTelemetry, as a metric and as events of the current span (extra
`telemetry`).

::

    flow = AuthFlow(pool, observers=Observers([Telemetry()]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import metrics, trace

from auth_flow._observers import DeviceNotConfirmed, Notice, RefreshFailed, SignedOut, StepEntered
from auth_flow.states._base import snake_case

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider


class Telemetry:
    """Count notices in the metric `auth_flow.notices`, and add each one to the current span.

    The attributes are `notice`, such as `signed_in`, and if the notice has one, `reason`,
    `error.type` or `step`. They never identify the user: metrics need attributes with few values,
    and a trace should contain personal data only if the application adds it.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        meter = metrics.get_meter("auth_flow", meter_provider=meter_provider)
        self._notices = meter.create_counter(
            "auth_flow.notices", description="Sign-ins, sign-outs, refreshes and steps."
        )

    def __call__(self, notice: Notice) -> None:
        """Record one notice."""
        attributes = {"notice": snake_case(type(notice).__name__), **_details(notice)}
        self._notices.add(1, attributes)
        trace.get_current_span().add_event(f"auth_flow.{attributes['notice']}", attributes)


def _details(notice: Notice) -> dict[str, str]:
    match notice:
        case SignedOut(reason=reason):
            return {"reason": reason}
        case RefreshFailed(error=error) | DeviceNotConfirmed(error=error):
            return {"error.type": error.name}
        case StepEntered(step=step):
            return {"step": step}
        case _:
            return {}
