#!/usr/bin/perl
# An ordinary user's tollgated gives its workers the same namespaces.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Test;

plan skip_all => 'not root: all tests run as an ordinary user'
    unless $> == 0;
my @through = ('setpriv', '--reuid=nobody', '--regid=nogroup',
    '--clear-groups');
plan skip_all => "no setpriv here, or a build that only root can reach"
    if system(join ' ', @through,
    "test -x $Tollgate::Test::BUILD/tollgated -a -x $^X 2>/dev/null");
$ENV{TOLLGATE_BUILD} = $Tollgate::Test::BUILD;
$ENV{TOLLGATE_SOURCE} = $Tollgate::Test::SOURCE;
chdir $Tollgate::Test::SOURCE;
exec @through, $^X, '-It/lib', 't/24-namespaces.t';
