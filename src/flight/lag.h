/* Back-pressure: readers that fall behind their flight. */
#ifndef FLIGHT_LAG_H
#define FLIGHT_LAG_H

struct flight;

/* After each event that readers may read. */
void lag_check(struct flight *f);

#endif
