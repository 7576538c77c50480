#!/bin/sh
# env.sh: shows what a CGI program is told, in its environment and user.
# For looking around only: do not leave it where strangers can read it.
echo "Content-Type: text/plain"
echo
id
env | sort
