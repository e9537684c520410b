#!/usr/bin/env escript
%% SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
%% AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Erlang's gen_udp; the argument is the DEALER's port
-mode(compile).
-define(ROUND, 200).

open(Fd) ->
	{ok, S} = gen_udp:open(0, [binary, {fd, Fd}, {active, false}]),
	S.

text(Letter, N) -> list_to_binary(Letter ++ integer_to_list(N)).

ask(_, ?ROUND) -> ok;
ask(S, N) ->
	Text = text("m", N),
	ok = gen_udp:send(S, Text),
	{ok, {_, _, Text}} = gen_udp:recv(S, 0),
	ask(S, N + 1).

serve(S) ->
	{ok, {Address, Port, Text}} = gen_udp:recv(S, 0),
	ok = gen_udp:send(S, Address, Port, Text),
	serve(S).

publish(S, N) ->
	ok = gen_udp:send(S, {127, 0, 0, 1}, 9, text("t ", N)),
	timer:sleep(2),
	publish(S, N + 1).

start(Fd, Function) -> spawn_link(fun() -> Function(open(Fd)) end).

main([Port]) ->
	start(3, fun(S) ->
		ok = gen_udp:connect(S, {127, 0, 0, 1}, list_to_integer(Port)),
		ask(S, 0),
		receive never -> ok end
	end),
	start(4, fun serve/1),
	start(5, fun(S) -> publish(S, 0) end),
	start(6, fun serve/1),
	eof = io:get_line(""),
	halt(0).
