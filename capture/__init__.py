"""From eyes to motion: cameras, trackers, microphones, takes. Pictures never leave this package."""
