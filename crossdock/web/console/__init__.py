"""The console: the pages on which people work with orders. They call `execute` and the queries like any client."""

from crossdock.web.console.application import routes as routes
