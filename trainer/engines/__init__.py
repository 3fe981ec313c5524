"""The engines that train and generate."""
