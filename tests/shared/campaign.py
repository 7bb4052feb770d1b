"""A campaign: people sign in, sign up and reset passwords, and workers are killed at random.

Whoever gets no reply sends the same thing once more, to another worker, as browsers and chat
servers do. The test runs a small campaign, `scripts/flow_campaign.py` a large one.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import signal
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from auth_flow import UserPool
from auth_flow.embedded import ClientSettings, EmbeddedCognito, PoolSettings, running
from auth_flow.embedded._http import HttpRequest, Response
from tests.shared import campaign_worker

PASSWORD, NEW_PASSWORD = "Correct-Horse-1", "Correct-Horse-2"
WORKERS, AT_ONCE = 4, 32
CLAIM = 1.0

_TRUE = (None, "ClaimExpired", "FlowBusy", "EventNotAccepted")
"""What a reply may be, besides `FateUnknown`, if the flow has not ended. The last one comes if the
first reply to the same event was lost.
"""

_processes = multiprocessing.get_context("forkserver")


@dataclass
class Result:
    """How a campaign went.

    `repeated` counts requests that the pool had accepted and then received again, `lost` the flows
    that did not end, and `lies` the replies that were untrue or led nowhere.
    """

    flows: int = 0
    kills: int = 0
    unknown: int = 0
    repeated: int = 0
    lost: int = 0
    lies: Counter[str] = field(default_factory=Counter)


class WatchedCognito(EmbeddedCognito):
    """An embedded service that notices if it gets what it has accepted before."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted = Counter[tuple[str, str]]()
        self.repeated = Counter[str]()
        self.dice = random.Random(7)

    async def _route(self, request: HttpRequest) -> Response:
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        body = json.loads(request.body) if request.method == "POST" else {}
        once = _once(operation, body)
        if once and self.accepted[operation, once]:
            self.repeated[operation] += 1
        response = await super()._route(request)
        if once and response.status == 200:
            self.accepted[operation, once] += 1
            if "AuthenticationResult" in json.loads(response.body):
                self.accepted["tokens", body["ChallengeResponses"]["USERNAME"]] += 1
        await asyncio.sleep(self.dice.random() * 0.01)  # so that some replies find nobody
        return response


def _once(operation: str, body: dict[str, Any]) -> str | None:
    """Name what the pool must not get again once it has accepted it."""
    match operation:
        case "RespondToAuthChallenge":
            return str(body["Session"])
        case "SignUp":
            return str(body["Username"])
        case "ConfirmSignUp" | "ConfirmForgotPassword":
            return f"{body['Username']} {body['ConfirmationCode']}"
        case _:
            return None


class WorkerDied(Exception):
    """The worker died before it replied."""


class Lost(Exception):
    """A person has sent a great many events, and the flow still has not ended."""


_MANY = 100


class Worker:
    """A process that takes flows."""

    def __init__(self, pool: UserPool, place: str) -> None:
        ours, theirs = socket.socketpair()
        self._line = ours
        self.process = _processes.Process(
            target=campaign_worker.work, args=(theirs, pool, place, CLAIM), daemon=True
        )
        self.process.start()
        theirs.close()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = count()
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.dead = False

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._line)
        self._reading = asyncio.create_task(self._read(reader))

    async def ask(self, key: str, event: dict[str, Any]) -> dict[str, Any]:
        assert self._writer
        if self.dead:
            raise WorkerDied
        request, fields = next(self._ids), dict(event)
        name = fields.pop("name")
        reply = self._waiting[request] = asyncio.get_running_loop().create_future()
        self._writer.write(
            json.dumps({"id": request, "key": key, "event": name, "fields": fields}).encode()
            + b"\n"
        )
        return await reply

    async def kill(self) -> None:
        assert self.process.pid
        assert self._reading
        assert self._writer
        os.kill(self.process.pid, signal.SIGKILL)
        self.dead = True
        await self._reading
        self._writer.close()
        await asyncio.to_thread(self.process.join)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                reply = json.loads(line)
                self._waiting.pop(reply["id"]).set_result(reply)
        except ConnectionError:
            pass
        finally:
            self.dead = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(WorkerDied())


class Person:
    """Sends events until the account is in order or the sign-in is done, whatever happens."""

    def __init__(self, name: str, campaign: Campaign) -> None:
        self.name, self._campaign = name, campaign
        self._sent = 0

    async def sign_in(self, password: str = PASSWORD) -> None:
        """Sign in with a password and a code by SMS."""
        begin = {
            "name": "sign_in",
            "username": self.name,
            "password": password,
            "auth_flow_type": "USER_PASSWORD_AUTH",
        }
        step, event = "IDLE", begin
        while True:
            reply = await self._send(event)
            step, error = reply["step"], reply["error"]
            if step == "DONE" and error in (None, "AlreadyDone"):
                if not self._campaign.signed_in(self.name):
                    self._lie(f"{error or 'DONE'} although nobody is signed in")
                return
            if error == "FateUnknown" or step == "IDLE":
                if error not in ("FateUnknown", "ClaimExpired", "FlowBusy", None):
                    self._lie(f"{error} at {event['name']}")
                event = begin
            elif step == "CONFIRM_SIGN_IN_WITH_SMS_CODE":
                if error not in _TRUE:
                    self._lie(f"{error} at {event['name']}")
                event = {"name": "enter_code", "code": self._code()}
            else:
                self._lie(f"{error} at {step}")
                return

    async def sign_up(self) -> None:
        """Create an account and confirm it."""
        begin = {"name": "sign_up", "username": self.name, "password": PASSWORD}
        begin["user_attributes"] = {"email": f"{self.name}@example.org"}
        event: dict[str, Any] = begin
        while True:
            reply = await self._send(event)
            step, error = reply["step"], reply["error"]
            if step == "DONE":
                break
            if error == "FateUnknown":
                event = {"name": "resend_code", "username": self.name}
            elif event["name"] == "resend_code" and error == "UserNotFoundException":
                await self._send({"name": "cancel"})  # the sign-up had not arrived
                event = begin
            elif event["name"] == "resend_code" and error == "InvalidParameterException":
                break  # confirmed already: the lost confirmation had arrived
            elif step == "CONFIRM_SIGN_UP" or event["name"] == "resend_code":
                if error not in _TRUE:
                    self._lie(f"{error} at {event['name']}")
                event = {"name": "confirm_sign_up", "username": self.name, "code": self._code()}
            elif error in _TRUE:
                pass
            else:
                self._lie(f"{error} at {event['name']}")
                return
        if not self._campaign.is_confirmed(self.name):
            self._lie("DONE although the account is not confirmed")

    async def reset(self) -> None:
        """Reset the password with a code, and sign in with the new one."""
        begin = {"name": "reset_password", "username": self.name}
        event: dict[str, Any] = begin
        while True:
            reply = await self._send(event)
            step, error = reply["step"], reply["error"]
            if step == "DONE":
                break
            if error == "FateUnknown":
                event = begin if step == "IDLE" else {"name": "resend_code"}
            elif step == "CONFIRM_RESET_PASSWORD_WITH_CODE":
                if error not in _TRUE:
                    self._lie(f"{error} at {event['name']}")
                event = {
                    "name": "confirm_reset_password",
                    "code": self._code(),
                    "new_password": NEW_PASSWORD,
                }
            elif error in _TRUE:
                pass
            else:
                self._lie(f"{error} at {event['name']}")
                return
        await self.sign_in(NEW_PASSWORD)

    def _code(self) -> str:
        message = self._campaign.service.outbox.last(self.name)
        assert message
        return message.code

    def _lie(self, words: str) -> None:
        self._campaign.result.lies[words] += 1

    async def _send(self, event: dict[str, Any]) -> dict[str, Any]:
        while self._sent + 1 < _MANY:
            self._sent += 1
            try:
                reply = await self._campaign.worker().ask(f"flow-of-{self.name}", event)
            except WorkerDied:
                continue  # nobody knows what has become of it: say it again
            self._campaign.result.unknown += reply["error"] == "FateUnknown"
            return reply
        raise Lost(self.name)


class Campaign:
    """Runs `flows` flows, and kills `kills` workers meanwhile."""

    def __init__(self, place: str, *, flows: int, kills: int, seed: int) -> None:
        self._place, self._flows, self._kills = place, flows, kills
        self._dice = random.Random(seed)
        self._workers: list[Worker] = []
        # However slow the killing is, it must not fall behind: each kill lets more flows begin.
        self._flows_per_kill = -(-flows // kills)
        self._may_begin = asyncio.Semaphore(2 * self._flows_per_kill)
        self.service = WatchedCognito()
        self.result = Result(flows=flows)
        self._pool = self.service.create_pool(
            PoolSettings(mfa_configuration="OPTIONAL", auto_verified_attributes=("email",))
        )
        client = self._pool.create_client(ClientSettings(auth_session_validity=15))
        self._app = UserPool(
            user_pool_id=self._pool.id, client_id=client.id, auth_session_validity=900
        )

    def worker(self) -> Worker:
        return self._dice.choice([worker for worker in self._workers if not worker.dead])

    def signed_in(self, name: str) -> bool:
        user = self._pool.user(name)
        return user is not None and bool(self._tokens_of(name))

    def is_confirmed(self, name: str) -> bool:
        user = self._pool.user(name)
        return user is not None and user.status == "CONFIRMED"

    def _tokens_of(self, name: str) -> int:
        return self.service.accepted["tokens", name]

    async def run(self) -> Result:
        with running(self.service) as url:
            app = self._app.model_copy(update={"endpoint": url})
            for _ in range(WORKERS):
                await self._start(app)
            waiting = iter([f"person-{number}" for number in range(self._flows)])
            ended = 0

            async def people() -> None:
                nonlocal ended
                for name in waiting:
                    await self._may_begin.acquire()
                    try:
                        await self._play(name)
                    except Lost:
                        self.result.lost += 1
                    ended += 1

            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._kill(app, lambda: ended))
                    for _ in range(min(AT_ONCE, self._flows)):
                        tasks.create_task(people())
            finally:
                self.result.lost += self._flows - ended
                self.result.repeated = self.service.repeated.total()
                for worker in self._workers:
                    if not worker.dead:
                        await worker.kill()
        return self.result

    async def _play(self, name: str) -> None:
        person, kind = Person(name, self), self._dice.randrange(3)
        if kind < 2:
            self._pool.create_user(
                name,
                PASSWORD,
                attributes={"phone_number": "+15555555309", "phone_number_verified": "true"},
                mfa=["SMS_MFA"],
            )
        await (person.sign_in, person.reset, person.sign_up)[kind]()

    async def _kill(self, app: UserPool, ended: Any) -> None:
        """Kill workers at an even rate over the campaign, each at a random moment."""
        while self.result.kills < self._kills:
            if ended() * self._kills < self.result.kills * self._flows:
                await asyncio.sleep(0.002)
                continue
            await asyncio.sleep(self._dice.random() * 0.03)
            await self._start(app)
            victim = self._dice.choice([w for w in self._workers[:-1] if not w.dead])
            self._workers.remove(victim)
            await victim.kill()
            self.result.kills += 1
            for _ in range(self._flows_per_kill):
                self._may_begin.release()

    async def _start(self, app: UserPool) -> None:
        worker = Worker(app, self._place)
        await worker.open()
        self._workers.append(worker)


def preload(modules: Iterable[str] = (campaign_worker.__name__,)) -> None:
    """Have workers start from a process that has imported everything."""
    _processes.set_forkserver_preload(
        [*modules, "auth_flow._driver", "auth_flow.states._turn", "auth_flow.session"]
    )


def run(place: str, *, flows: int, kills: int, seed: int) -> Result:
    """Run a campaign on the store at `place`, a Redis URL or the path of a database file."""
    preload()
    return asyncio.run(Campaign(place, flows=flows, kills=kills, seed=seed).run())
