"""The data generator: one module for each kind of conversation, put together by `mix.draw`."""
