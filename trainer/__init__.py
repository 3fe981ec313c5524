"""A LoRA trainer on your own machine that speaks Together's documented API.

A separate service: it imports nothing of TheWay and is reached over HTTP only.
"""
