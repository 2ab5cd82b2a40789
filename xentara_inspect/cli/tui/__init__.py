"""The screens of `watch`. Only this folder knows textual, which is there with the extra `tui`."""
