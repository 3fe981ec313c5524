"""fal at one address: queue.fal.run, fal.run, rest.fal.ai, v3.fal.media, fal.ai and api.fal.ai.

Real HTTP, real files, real signatures; nothing is trained or generated, and every answer, log and
picture says so. Any key of the form `id:secret` is accepted; each id is an account of its own.

Their paths do not collide, but for one: `POST /{endpoint}` is the queue's. The direct form of
fal.run is `POST /run/{endpoint}`, or the same path called by the host name fal.run. fal-client:

    import fal_client.client as fc
    fc.QUEUE_URL_FORMAT, fc.RUN_URL_FORMAT = f"{origin}/", f"{origin}/run/"
    fc.REST_URL = fc.CDN_URL = origin

Controls, with any key: GET/PUT/DELETE /faults, GET /ledger, GET/PUT /clock, POST /signing-keys.
Facts as of 2026-11; what nobody could verify is a rule that can be switched on (`behaviour`).
"""
