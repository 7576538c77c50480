/*
 * setters: settings whose values are words of their own, or that concern more
 * of a struct than one field: then that is the whole struct (keys.h).
 *
 * For the tables of keys.c alone; what a setter and a printer are is in
 * value.h.
 */
#ifndef TOLLGATE_SETTERS_H
#define TOLLGATE_SETTERS_H

#include "value.h"

setter	set_full;
printer	print_full;
setter	set_invoke_mode;
printer	print_invoke_mode;
setter	set_api_auth;
printer	print_api_auth;
setter	set_region;
setter	set_api_account;
setter	set_protocol;
printer	print_protocol;
setter	set_runtime;
printer	print_runtime;
setter	set_code;
printer	print_code;
setter	set_auth;
printer	print_auth;
setter	set_satisfy;
printer	print_satisfy;
setter	set_realm;
printer	print_nothing;
setter	set_handler;
printer	print_handler;
setter	set_environment;
setter	set_file_environment;
printer	print_file_environment;
printer	print_environment;
setter	set_version;
setter	set_groups;
printer	print_groups;

#endif
