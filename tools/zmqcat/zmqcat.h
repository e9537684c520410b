/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ZMQCAT_H
#define ZMQCAT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <linux/zmq.h>

/* What the program says by its exit status, see zmqcat(1). */
enum {
	STATUS_OK,
	STATUS_ERROR,
	STATUS_USAGE,
	STATUS_TIMEOUT,
	STATUS_NO_FAMILY,
	STATUS_UNDELIVERED,
	STATUS_COMMAND,
	STATUS_INPUT,
};

/**
 * struct msg - frames one behind the other
 * @data: their bytes
 * @len: how many
 * @cap: room at @data
 * @frame: what the frames are
 * @nr: how many
 * @room: room at @frame
 * @start: where in @data the frame begins that is being put together
 */
struct msg {
	char			*data;
	size_t			len;
	size_t			cap;
	struct zmq_frame_desc	*frame;
	unsigned int		nr;
	unsigned int		room;
	size_t			start;
};

/**
 * struct view - a message that was received
 * @data: its bytes
 * @frame: its frames
 * @nr: how many
 * @peer: where it comes from, text; "" if that is not known
 * @has_sender: @sender is known
 * @sender: the process that sent it
 */
struct view {
	const char			*data;
	const struct zmq_frame_desc	*frame;
	unsigned int			nr;
	char				peer[128];
	bool				has_sender;
	struct ucred			sender;
};

enum input_mode {
	INPUT_LINES,
	INPUT_FRAMES,
	INPUT_FILE,
	INPUT_BLOCKS,
	INPUT_ESCAPED,
	INPUT_HEX,
};

enum format {
	FORMAT_AUTO,
	FORMAT_LINES,
	FORMAT_RAW,
	FORMAT_ESCAPED,
	FORMAT_HEX,
	FORMAT_JSON,
	FORMAT_NONE,
};

enum show {
	SHOW_TIME	= 1,
	SHOW_SIZE	= 2,
	SHOW_FRAMES	= 4,
	SHOW_PEER	= 8,
	SHOW_SENDER	= 16,
};

enum answer {
	ANSWER_NONE,
	ANSWER_TEXT,
	ANSWER_ECHO,
	ANSWER_EXEC,
};

/**
 * struct text - bytes of the command line
 * @data: the bytes
 * @len: how many
 */
struct text {
	char	*data;
	size_t	len;
};

/**
 * struct endpoint - where to go
 * @bind: bind, or else connect
 * @text: as it was given
 */
struct endpoint {
	bool		bind;
	const char	*text;
};

/**
 * struct setting - a socket option to set
 * @name: its name without ZMQ_
 * @value: text
 */
struct setting {
	const char	*name;
	const char	*value;
};

/**
 * struct config - what the command line asks for
 *
 * Times are in milliseconds, -1 for ever. Numbers of messages are -1 without a limit.
 */
struct config {
	int			type;
	struct endpoint		*endpoints;
	unsigned int		nr_endpoints;
	struct setting		*settings;
	unsigned int		nr_settings;
	struct text		*topics;
	unsigned int		nr_topics;
	struct msg		data;
	struct msg		reply;
	const char		*file;
	const char		*command;
	enum answer		answer;
	enum input_mode		input;
	size_t			block;
	struct text		delimiter;
	struct text		separator;
	struct text		target;
	struct text		id;
	enum format		format;
	unsigned int		show;
	int64_t			count;
	int64_t			timeout;
	int64_t			interval;
	int64_t			delay;
	int64_t			linger;
	unsigned int		wait;
	bool			escapes;
	bool			eof_marker;
	bool			receive_only;
	bool			send_only;
	bool			verbose;
	int			progress;
};

extern const char *program;

/* options.c */
void options_parse(struct config *c, int argc, char **argv);

/* type.c */
int type_find(const char *name);
const char *type_name(int type);
bool type_sends(int type);
bool type_receives(int type);
bool type_has_id(int type);

/* say.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void die_errno(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
void *xrealloc(void *p, size_t size);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* escape.c */
bool escape_parse(const char *from, size_t len, struct text *to);
size_t escape_plain(const char *data, size_t len);
uint32_t escape_code_point(const char *data, size_t len);

/* msg.c */
void msg_clear(struct msg *m);
void msg_append(struct msg *m, const void *data, size_t len);
void msg_end_frame(struct msg *m);
void msg_frame(struct msg *m, const void *data, size_t len);
void msg_split(struct msg *m, const char *data, size_t len,
	       const struct text *separator);
int msg_try_send(int fd, struct msg *m);

/* recv.c */
void recv_limit(int64_t messages);
int recv_next(int fd, const struct config *c, struct view *v);

/* sockopt.c */
void sockopt_set(int fd, const char *name, const char *value);
void sockopt_int(int fd, int option, int value, const char *name);

/* endpoint.c */
int socket_open(const struct config *c);
void endpoint_go(int fd, const struct endpoint *e, const struct config *c);

/* names.c */
void names_follow(int fd);
int names_fd(void);
void names_run(void);

/* peers.c */
/**
 * struct sock_sums - what sock_diag(7) tells of the socket
 * @peers: peers that are connected; of PUB and XPUB those that subscribed
 * @up: peers that are connected
 * @tx_msgs: messages that no transport has taken
 */
struct sock_sums {
	unsigned int	peers;
	unsigned int	up;
	uint64_t	tx_msgs;
};

bool peers_sums(int fd, int type, struct sock_sums *sums);

/* monitor.c */
int monitor_open(int fd);
void monitor_tell(int fd);

/* wait.c */
/**
 * struct wait - what to wait for
 * @fd: the socket, or -1
 * @events: POLLIN, POLLOUT of the socket
 * @input: a file to read from, or -1
 * @monitor: a monitor, or -1
 * @until: wait_now() when to stop waiting, -1 never
 * @ready: what is true of the socket, afterwards
 * @readable: whether @input can be read
 */
struct wait {
	int	fd;
	short	events;
	int	input;
	int	monitor;
	int64_t	until;
	short	ready;
	bool	readable;
};

void wait_init(void);
int64_t wait_now(void);
void wait_for(struct wait *w);
void wait_check(void);
void wait_watch(int out);
int wait_poll(struct pollfd *fds, nfds_t nr, int64_t until);
pid_t wait_fork(void);
void wait_forget(void);
void wait_end(int number) __attribute__((noreturn));
extern volatile sig_atomic_t wait_signal;

/* input.c */
/**
 * struct input - where messages to send come from
 * @c: the configuration
 * @fd: the file, -1 for --data
 * @eof: the file has been read to its end
 * @ended: there is no further message
 * @buf: what was read
 * @len: how much
 * @cap: room at @buf
 * @pos: where the next message begins in @buf
 * @searched: where no delimiter was found from @pos on
 * @line: number of the line, for complaints
 * @left: how often --data is still to be sent, -1 for ever
 * @size: bytes of the file, 0 if not known
 */
struct input {
	const struct config	*c;
	int			fd;
	bool			eof;
	bool			ended;
	char			*buf;
	size_t			len;
	size_t			cap;
	size_t			pos;
	size_t			searched;
	uint64_t		line;
	int64_t			left;
	uint64_t		size;
};

void input_open(struct input *in, const struct config *c);
void input_read(struct input *in);
bool input_next(struct input *in, struct msg *m);
void input_whole(const struct config *c, const char *data, size_t len,
		 struct msg *m);

/* output.c */
void output_init(const struct config *c);
void output_message(const struct config *c, const struct view *v);
void output_flush(void);

/* answer.c */
bool answer_make(const struct config *c, const struct view *request,
		 struct msg *m);
bool answer_failed(void);

/* progress.c */
void progress_init(const struct config *c, uint64_t size);
void progress_add(uint64_t bytes);
void progress_end(void);

/* flow.c */
int flow_run(int fd, const struct config *c);

#endif /* ZMQCAT_H */
