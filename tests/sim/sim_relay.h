/* A small relay on the loop floor alone: what the self-test runs the sim on.  It reads one request a connection, tries
 * a.test and then b.test (port 80), and passes the answer's bytes on with back-pressure. */
#ifndef SIM_RELAY_H
#define SIM_RELAY_H

/* Connections it holds now. */
unsigned sim_relay_open(void);

#endif
