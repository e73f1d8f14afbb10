"""The servers that Chorus is measured beside; each is a process that listens on PORT and reads from DATABASE_URL."""
