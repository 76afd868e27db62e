"""One handler for everything that is refused or fails, as a page or as a part.

Under htmx the page stays and its `#status` live region speaks; what must outlive the refusal is written afterwards.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from intrakraft import log
from intrakraft.domain.base import N_
from intrakraft.domain.errors import DomainError, TooMany
from intrakraft.web.forms import PageTooOld
from intrakraft.web.page import page
from intrakraft.web.state import database

HEADINGS = {
    400: N_("This cannot be read"),
    401: N_("We need to know it is you"),
    403: N_("This is not open to you"),
    404: N_("There is nothing here"),
    405: N_("This page cannot do that"),
    409: N_("That is not possible now"),
    413: N_("That is too big"),
    422: N_("Something needs putting right"),
    429: N_("Too many tries"),
    500: N_("The fault is ours"),
}
SENTENCES = {
    400: N_("The address or the form is not one of ours. Nothing was done."),
    403: N_("The request did not come from a page of ours. Open the page again and press once more."),
    404: N_("The page has gone, or it was never here."),
    405: N_("Nothing was done. Go back and use the buttons of the page."),
    413: N_("Nothing was kept. Choose smaller files, or fewer at a time."),
    500: N_("Go back and what you typed is still in the form. Try again in a minute; if it stays, tell us."),
}


def refused(error: DomainError) -> Response:
    """Roll back, write what must outlive the refusal, and say in words what happened and what to do."""
    database().undo()
    if error.afterwards:
        with database().apart() as session:
            for act in error.afterwards:
                act(session)
    response = answer(error.status, gettext(error.message, **error.params))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def not_served(error: HTTPException) -> Response:
    """A page that does not exist, a method that is not there, a body that is too big."""
    database().undo()
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    if isinstance(error, RequestEntityTooLarge):
        status = 413
    sentence = SENTENCES.get(status, SENTENCES[400])
    return answer(status, gettext(sentence))


def too_old(error: PageTooOld) -> Response:
    """Show what was typed in a form of one button, so that one more press does it; passwords and files are not repeated."""
    secret = ("password", "code", "csrf_token")
    kept = [(k, v) for k, v in request.form.items(multi=True) if not any(word in k for word in secret)]
    return page("errors/too_old.html", only="refusal", status=400, kept=kept, action=request.full_path.rstrip("?"))


def failed(error: Exception) -> Response:
    """A fault of the program: rolled back, logged with values masked, and said plainly."""
    database().undo()
    log.failure(error)
    if current_app.testing:
        raise error
    try:
        return answer(500, gettext(SENTENCES[500]))
    except Exception as second:
        log.failure(second)
        bare = current_app.jinja_env.get_template("errors/500.html").render(reference="")
        return Response(bare, 500)


def answer(status: int, sentence: str) -> Response:
    """The refusal as a page, or as the words for the live region."""
    heading = gettext(HEADINGS.get(status, HEADINGS[400]))
    return page("errors/refusal.html", only="refusal", status=status, code=status, heading=heading, message=sentence)


def init_app(app: Flask) -> None:
    """The only error handlers of the application, and the only words that a failure leaves in the log."""
    app.log_exception = lambda exc_info: log.failure(exc_info[1] or RuntimeError())  # type: ignore[method-assign]
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(PageTooOld, too_old)
    app.register_error_handler(HTTPException, not_served)
    app.register_error_handler(Exception, failed)
