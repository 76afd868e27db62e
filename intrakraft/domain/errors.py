"""Refusals of the domain, in words for people.

Each carries a translatable sentence and its parameters; one handler in the web turns it into a page or a part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Message = str | tuple[str, Mapping[str, object]]


class DomainError(Exception):
    """A refusal with `message` (marked by `N_`), `params` for its placeholders and the HTTP `status` it means.

    `afterwards` holds acts that must outlive the refusal, such as counting a wrong code. The handler rolls the request
    back first and then runs them in a transaction of their own.
    """

    status = 500

    def __init__(
        self, message: str, /, *, afterwards: tuple[Callable[[Session], object], ...] = (), **params: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.params = params
        self.afterwards = afterwards


class Refusal(DomainError):
    """The act is not possible in this state of things."""

    status = 409


class NotAllowed(DomainError):
    """The person may see the thing, but may not do this to it."""

    status = 403


class NotFound(DomainError):
    """Nothing here for this viewer; a thing they may not see looks exactly the same."""

    status = 404


class NotVerified(DomainError):
    """The person has not proved who they are, or not lately enough."""

    status = 401


class TooMany(DomainError):
    """A limit is reached; `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, /, *, retry_after: int = 60, **params: object) -> None:
        super().__init__(message)
        self.params = params
        self.retry_after = retry_after


class Invalid(DomainError):
    """Something typed cannot be used: `problems` maps a field's name to a sentence, or to (sentence, params)."""

    status = 422

    def __init__(
        self, problems: Mapping[str, Message], /, *, afterwards: tuple[Callable[[Session], object], ...] = ()
    ) -> None:
        first = next(iter(problems.values()), "Something needs putting right")
        sentence, params = (first, {}) if isinstance(first, str) else first
        super().__init__(sentence, afterwards=afterwards)
        self.params = dict(params)
        self.problems = dict(problems)
