/*
 * authfiles: the auth_files that functions name, read with the load.
 *
 * Each file is read once, as the configuration is: it must be trusted, and the
 * gateway need not be able to read it.  The lines go to the gateway with its
 * copy of the load; the spawner keeps none of them.
 */
#ifndef TOLLGATE_AUTHFILES_H
#define TOLLGATE_AUTHFILES_H

struct config;
struct config_errors;
struct config_index;

/* Fills config->gateway.credentials. */
void	authfiles_read(struct config *, const struct config_index *,
	    struct config_errors *errors, struct config_errors *warnings);

/* Fills config->gateway.apikeys, where api_hosts and api_auth ask for it. */
void	authfiles_read_keys(struct config *, const struct config_index *,
	    struct config_errors *errors, struct config_errors *warnings);

#endif
