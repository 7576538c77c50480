#!/bin/sh
# hello.sh: the smallest CGI program: a header, an empty line, the answer.
# It is started anew for each request, so a change shows with the next one.
echo "Content-Type: text/plain"
echo
echo "Hello, $REMOTE_ADDR! This is $0, process $$."
