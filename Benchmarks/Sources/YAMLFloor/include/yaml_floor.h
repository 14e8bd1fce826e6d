#ifndef CURFEW_YAML_FLOOR_H
#define CURFEW_YAML_FLOOR_H

#include <stddef.h>

/// Reads all events of one document stream and drops them. Returns how many there were, or -1 when it is no YAML.
long yaml_floor_events(const unsigned char *bytes, size_t count);

#endif
