"""Generators that are no GAN, to know what a GAN is worth: encoded rows in, encoded rows out."""
