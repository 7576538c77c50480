#!/usr/bin/perl
# Two tenants with a user each, and a spawner that is root: all that one tries.
# Against the other, the gateway and the machine, at each level, and what holds
# him is the table in t/lib/Tollgate/Attack.pm.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Tollgate::Attack;
use Tollgate::Test;

plan skip_all => 'only root has users for others' unless $> == 0;
# Users that no other run of this has.
my $uid = 20000 + $$ * 2 % 20000;
my $shown = attack_with(a => $uid, b => $uid + 1);
cmp_ok($shown, '>=', 60, 'most attacks work where nothing holds them');
done_testing;
