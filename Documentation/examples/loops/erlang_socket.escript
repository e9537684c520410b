#!/usr/bin/env escript
%% SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
%% AF_ZMQ sockets in Erlang: the module socket
-mode(compile).
-define(ROUND, 200).

dial(Pattern, Endpoint) ->
	{ok, S} = socket:open(18, seqpacket, Pattern),
	case Pattern of
		2 -> ok = socket:setopt_native(S, {289, 6}, <<"t ">>);
		8 -> ok = socket:setopt_native(S, {289, 23}, 5);
		_ -> ok
	end,
	ok = socket:setopt_native(S, {289, 1001}, list_to_binary(Endpoint)),
	S.

text(Letter, N) -> list_to_binary(Letter ++ integer_to_list(N)).

hear(S, Want) -> {ok, Want} = socket:recv(S).

say(S, Text) -> ok = socket:send(S, Text).

main([Echo, Pub, Pull]) ->
	Dealer = dial(5, Echo),
	Numbers = lists:seq(0, ?ROUND - 1),
	[begin say(Dealer, text("e", N)), hear(Dealer, text("e", N)) end || N <- Numbers],
	Sub = dial(2, Pub),
	[hear(Sub, text("t ", N)) || N <- Numbers],
	{select, _} = socket:recv(Sub, 0, [], nowait),
	say(Dealer, <<"idle">>),
	hear(Dealer, <<"go">>),
	Push = dial(8, Pull),
	[say(Push, text("p", N)) || N <- Numbers],
	[ok = socket:close(S) || S <- [Dealer, Sub, Push]].
