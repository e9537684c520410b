// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// A generated binding of the whole library: swig -python -threads zmqk.i
%module zmqk_swig
%{
#include <errno.h>
#include <zmqk.h>
%}
%include <typemaps.i>
%include <pybuffer.i>
%pybuffer_binary(const void *buf, size_t len);
%pybuffer_mutable_binary(void *buf, size_t len);
%pybuffer_binary(const void *prefix, size_t len);
%pybuffer_binary(const void *value, size_t len);
%apply int *OUTPUT { int *more, int *value };
%typemap(out) int, ssize_t {
	if ($1 < 0) {
		PyErr_SetFromErrno(PyExc_OSError);
		SWIG_fail;
	}
	$result = PyLong_FromSsize_t($1);
}
// A structure and a function have this name, Python keeps none apart.
%rename(zmqk_option_at) zmqk_option(int index);
%include <zmqk/version.h>
%include <zmqk/socket.h>
%include <zmqk/endpoint.h>
%include <zmqk/message.h>
%include <zmqk/reader.h>
%include <zmqk/option.h>
%include <zmqk/peer.h>
%include <zmqk/zerocopy.h>
%include <zmqk/monitor.h>
%include <zmqk/probe.h>
%include <zmqk/resolver.h>
