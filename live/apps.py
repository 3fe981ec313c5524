from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "live"

    def ready(self) -> None:
        from accounts.allowances import Limit, Usage
        from accounts.limits import register
        from live.reader import reader

        # At this process: others do not know of its streams.
        register(Limit.STREAMS, lambda person: Usage(reader.count_of(person.pk)))
