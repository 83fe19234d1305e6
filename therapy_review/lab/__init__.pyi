from . import server as server
from .server import command as command, environment as environment
