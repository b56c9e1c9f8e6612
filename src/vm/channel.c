/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel.c - the machine's end of the channel (channel.h) */
#include "vm/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define CHANNEL "/dev/ttyS1"

int channel_open(struct guest_host *h)
{
	struct termios t;
	int fd = open(CHANNEL, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &t)) {
		close(fd);
		return -errno;
	}
	cfmakeraw(&t);
	/* No modem behind it that could hang up. */
	t.c_cflag |= CLOCAL | CREAD;
	if (tcsetattr(fd, TCSANOW, &t)) {
		close(fd);
		return -errno;
	}
	*h = (struct guest_host){.fd = fd};
	return 0;
}

void channel_write(struct guest_host *h, const void *bytes, size_t n)
{
	const char *p = bytes;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	while (n) {
		ssize_t put = write(h->fd, p, n);

		if (put < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void channel_send(struct guest_host *h, enum message type, const struct buf *payload)
{
	struct buf b = {0};

	frame_put(&b, (uint8_t)type, payload ? payload->s : NULL,
		  payload ? (uint32_t)payload->n : 0);
	channel_write(h, b.s, b.n);
	buf_free(&b);
}

int channel_next(struct guest_host *h, struct frame *out)
{
	char bytes[4096];

	for (;;) {
		int got = frame_next(&h->in, out);
		ssize_t n;

		if (got)
			return got < 0 ? got : 0;
		n = read(h->fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		frame_feed(&h->in, bytes, (size_t)n);
	}
}
