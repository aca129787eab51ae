"""An agent for listeners: when it is told to end, they stop accepting first."""

from sealift.agent.agent import Agent
from sealift.sources.listener.listener import ListenerSource


class ListeningAgent(Agent):
    """Delivers as `Agent` does, and ends in the order that senders need."""

    def drain(self) -> None:
        """Accept no more connections, then finish what is in flight. From any thread."""
        for route in self._routes:
            if isinstance(route.source, ListenerSource):
                route.source.stop_accepting()
        super().drain()
