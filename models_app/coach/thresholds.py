"""Where advice begins, each with its reason.

Measured on photographs that are known to be good, and on the same ones spoiled by code: blurred,
made lighter or darker, cropped, encoded again (`tests/models_app/test_coach_measuring.py` does so
with what can be shipped). Where both overlap a threshold sides with the photo: a defect that is
not noticed costs less than a good photo that is called bad.
"""

from __future__ import annotations

# --- one photo -----------------------------------------------------------------------------
# Trainers enlarge what has fewer pixels than they learn at: 512², 768² or 1024².
LEAST_PIXELS = 768 * 768
# Good photographs have 0.37 and more, fine textures 0.27; a blur of 2 pixels at a side of 1024
# gives 0.13 to 0.18, one of 1 pixel, which nobody notices, 0.20 and more.
LEAST_SHARPNESS = 0.19
# Skin has few edges, so a face counts only where it is large enough to show some: at 1024.
FACE_SIDE_TO_JUDGE = 0.08
LEAST_FACE_SHARPNESS = 0.19
# 95 % of the pixels are darker than this. Good photographs: 105 (a launch at night) and more;
# three stops too dark: 41 to 96.
LEAST_BRIGHT = 92
# A face's mean. Measured 79 to 159 in good photographs; well below, as skin may be dark.
LEAST_FACE_LIGHT = 40
# Burnt out, in the middle of the photo. Good photographs: up to 0.07; three stops too light: mostly
# 0.3 and more. In front of white, which is meant to be white, only where nothing else is left.
MOST_WHITE = 0.30
MOST_WHITE_ON_WHITE = 0.75
# The share of white around the subject that makes it a white background.
WHITE_AROUND = 0.5
# A face's mean: 205 one stop too light, 224 to 246 three stops.
MOST_FACE_LIGHT = 222
# Of the photo's side; less is a seam, not a part that is missing.
LEAST_GREY_END = 0.02

# --- faces ---------------------------------------------------------------------------------
# Of 100. Faces have 62 to 94 (99 of 100 in Labeled Faces in the Wild), cats, cups and coins 27
# to 50, and none of 100 pictures without a face had 60.
FACE_SCORE = 60
# Another person counts from this share of the largest face's height on: smaller ones stand behind.
OTHER_FACE = 0.4
# Of the photo's long side. At 1024 that is 64 pixels, of which a base model sees 8 × 8 (its
# autoencoder makes one of eight).
LEAST_FACE = 64 / 1024
# A face's height in that of the photo: head only, head and shoulders, less of it than half a body.
CLOSE_UP_FROM = 0.30
BODY_BELOW = 0.15
# The nose this far beside the middle: about 30 degrees (see `faces.Face.turn`).
SIDE_VIEW_FROM = 0.23

# --- two photos ----------------------------------------------------------------------------
# Bits of 64 that differ. Encoded again, resized, lighter or darker: 0 to 4, cropped by 3 %: up to
# 7, by 6 %: mostly up to 9; photographs that have nothing in common: 21 and more.
TWIN_BITS = 12
# A hash with fewer bits of one kind is of something plain, and says little.
LEAST_HASH_BITS = 4

# --- the set -------------------------------------------------------------------------------
# Up to this share of photos may have something, and the set is still a good one.
MOST_FLAWED = 0.2
# Common colours around the subject, the median of all pairs. The same wall: 0.82 and more;
# photographs of different places: 0.74 at most, mostly below 0.5.
ONE_SCENE = 0.78
# The medians of the photos' brightness lie closer together than this, of 255: about half a stop.
ONE_LIGHT = 35
# Variety is asked of sets of at least this many.
VARIETY_FROM = 4
# How many views of a kind a set should have, and from how many photos on.
VIEWS_WANTED = 2
