"""Tables and rules of the platform. Nothing here knows the web, a clock but `now()`, or an outside service."""
