"""api.fal.ai/v1 and the public pages beside it: history, catalog, prices, bills, keys."""
