/* The command line: one function a command, each returns the exit status. */
#ifndef APP_CLI_H
#define APP_CLI_H

int cli_main(int argc, char **argv);

#endif
