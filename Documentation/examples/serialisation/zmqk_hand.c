// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* A binding of two functions, written by hand: send(fd, data), recv_into(fd, buffer). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <zmqk.h>

static PyObject *length(ssize_t n)
{
	if (n < 0)
		return PyErr_SetFromErrno(PyExc_OSError);
	return PyLong_FromSsize_t(n);
}

static bool take(PyObject *const *args, Py_ssize_t n, int access, int *fd,
		 Py_buffer *view)
{
	if (n != 2) {
		PyErr_SetString(PyExc_TypeError, "a descriptor and a buffer");
		return false;
	}
	*fd = PyLong_AsLong(args[0]);
	if (*fd == -1 && PyErr_Occurred())
		return false;
	return !PyObject_GetBuffer(args[1], view, access);
}

static PyObject *hand_send(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	Py_buffer view;
	ssize_t len;
	int fd;

	if (!take(args, n, PyBUF_SIMPLE, &fd, &view))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	len = zmqk_send(fd, view.buf, view.len, 0);
	Py_END_ALLOW_THREADS
	PyBuffer_Release(&view);
	return length(len);
}

static PyObject *hand_recv(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	Py_buffer view;
	ssize_t len;
	int more, fd;

	if (!take(args, n, PyBUF_WRITABLE, &fd, &view))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	len = zmqk_recv(fd, view.buf, view.len, 0, &more);
	Py_END_ALLOW_THREADS
	PyBuffer_Release(&view);
	return length(len);
}

static PyMethodDef methods[] = {
	{ "send", (PyCFunction)(void (*)(void))hand_send, METH_FASTCALL, NULL },
	{ "recv_into", (PyCFunction)(void (*)(void))hand_recv, METH_FASTCALL,
	  NULL },
	{ }
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "zmqk_hand",
	.m_size = -1,
	.m_methods = methods,
};

PyMODINIT_FUNC PyInit_zmqk_hand(void)
{
	return PyModule_Create(&module);
}
