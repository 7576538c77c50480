#!/usr/bin/perl
# Where tollgated runs without root, all are one user: the same attacks.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Attack;
use Tollgate::Test;

plan skip_all => 'no setpriv here'
    if $> == 0 && system "setpriv --version > /dev/null 2>&1";
my $shown = attack_with(as => $> || 40000 + $$ % 20000);
cmp_ok($shown, '>=', $> == 0 ? 60 : 30,
    'most attacks work where nothing holds them');
done_testing;
