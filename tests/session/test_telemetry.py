from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from auth_flow import (
    DeviceNotConfirmed,
    Notice,
    Observers,
    RefreshFailed,
    SignedIn,
    SignedOut,
    StepEntered,
    TokensRefreshed,
)
from auth_flow.errors import ConnectionLost
from auth_flow.telemetry import Telemetry

pytestmark = pytest.mark.anyio

NOTICES: list[tuple[Notice, dict[str, str]]] = [
    (SignedIn("ada", "id"), {"notice": "signed_in"}),
    (TokensRefreshed("ada", "id"), {"notice": "tokens_refreshed"}),
    (
        RefreshFailed("ada", "id", ConnectionLost("gone", operation="GetUser")),
        {"notice": "refresh_failed", "error.type": "TransportError"},
    ),
    (
        DeviceNotConfirmed("ada", "id", "key", ConnectionLost("gone", operation="ConfirmDevice")),
        {"notice": "device_not_confirmed", "error.type": "TransportError"},
    ),
    (StepEntered("IDLE", "DONE"), {"notice": "step_entered", "step": "DONE"}),
    (SignedOut("ada", "id", "signed_out"), {"notice": "signed_out", "reason": "signed_out"}),
]


async def test_notices_are_counted_and_put_on_the_span() -> None:
    reader, exporter = InMemoryMetricReader(), InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    observers = Observers([Telemetry(MeterProvider([reader]))])
    with tracing.get_tracer("test").start_as_current_span("request"):
        for notice, _ in NOTICES:
            await observers.tell(notice)

    data = reader.get_metrics_data()
    assert data is not None
    (scope,) = data.resource_metrics[0].scope_metrics
    (metric,) = scope.metrics
    assert (scope.scope.name, metric.name) == ("auth_flow", "auth_flow.notices")
    assert metric.description == "Sign-ins, sign-outs, refreshes and steps."
    assert [point.value for point in metric.data.data_points] == [1] * len(NOTICES)
    counted = [dict(point.attributes) for point in metric.data.data_points]
    (span,) = exporter.get_finished_spans()
    expected = [attributes for _, attributes in NOTICES]
    assert counted == expected
    assert [dict(event.attributes or {}) for event in span.events] == expected
    assert [event.name for event in span.events] == [
        f"auth_flow.{attributes['notice']}" for attributes in expected
    ]
