"""Augmentations by albumentations: what a transform can do, controls for it, samples of it, a script of it."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # nothing is asked of the network at run time

import cv2

cv2.setNumThreads(1)  # one thread a picture, as for torch
