"""What is said about one event, a file per kind of event."""
