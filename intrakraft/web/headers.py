"""Headers of every answer: strict security, caching that fits the page, and the link to the privacy policy.

Scripts come from here or not at all; personal pages are never stored (P-007, P-010, P-031, P-042, P-126, P-127).
"""

from __future__ import annotations

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask_login import current_user
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from intrakraft.web.cookies import read_cookie
from intrakraft.web.state import settings

DEVICE_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "fullscreen", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip


def _policy() -> Secure:
    csp = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'")
        .style_src("'self'")
        .img_src("'self'")
        .media_src("'self'")
        .connect_src("'self'")
        .manifest_src("'self'")
        .form_action("'self'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
    )
    return Secure(
        csp=csp,
        referrer=ReferrerPolicy().same_origin(),
        permissions=PermissionsPolicy().value(", ".join(f"{feature}=()" for feature in DEVICE_FEATURES)),
        xcto=XContentTypeOptions(),
        xfo=XFrameOptions().deny(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
    )


def check_request() -> Response | None:
    """A foreign Host gets 400; in production plain http is sent to https with 308 (P-127)."""
    host = request.host.rpartition(":")[0] if ":" in request.host.rpartition("]")[2] else request.host
    if host not in settings().host_names:
        abort(400, "This address is not ours.")
    if settings().production and not request.is_secure:
        return redirect(request.url.replace("http://", "https://", 1), 308)  # type: ignore[return-value]
    return None


def init_app(app: Flask) -> None:
    """Check every request's host and scheme, and give every answer its headers."""
    fixed_headers = dict(_policy().headers)
    if app.config["INTRAKRAFT"].production:
        hsts = StrictTransportSecurity().max_age(2 * 365 * 86_400).include_subdomains()
        fixed_headers[hsts.header_name] = hsts.header_value
    names = {name.lower() for name in fixed_headers}
    fixed = list(fixed_headers.items())
    app.before_request(check_request)

    @app.after_request
    def add_headers(response: Response) -> Response:
        own = {name.lower() for name, _ in response.headers} & names
        response.headers.extend(fixed if not own else [pair for pair in fixed if pair[0].lower() not in own])
        if response.mimetype == "text/html":
            response.headers["Link"] = f'<{url_for("policy.show")}>; rel="privacy-policy"'
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-cache" if is_for_everybody(response) else "private, no-store"
        if response.mimetype == "text/html":
            response.vary.update(["Cookie", "Accept-Language", "Save-Data"])
        return response


def is_for_everybody(response: Response) -> bool:
    """Whether this answer would be the same for any signed-out person, so that it may be kept and shared."""
    return (
        request.method in ("GET", "HEAD")
        and response.status_code == 200
        and not current_user.is_authenticated
        and "Set-Cookie" not in response.headers
        and not any(read_cookie(name) for name in ("attempt", "reset", "device"))
        and getattr(current_app.view_functions.get(request.endpoint or ""), "access", None) == "public"
    )
