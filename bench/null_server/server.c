/*
 * A server with the face of S3 that answers at once, so that a benchmark measures its client.
 *
 * It remembers each key with its size, ETag and metadata, and reads past the bodies: conditional
 * puts, HEAD and DELETE are true, listings are always empty, and an object cannot be read back.
 * One thread; every S3 answer may be held back for a fixed time, the others going on meanwhile.
 *
 *     null_server [--delay-ms N]            prints its port, listens on 127.0.0.1
 *     GET  /__stats__[/BUCKET/PREFIX]       counts as JSON, of the keys that begin so
 *     POST /__reset__                       forget everything
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "s3.h"

enum { IN_BYTES = 32768, EVENTS = 512 };

struct connection {
    int fd;
    size_t used;        /* bytes in `in` */
    size_t head_bytes;  /* of the request being read; 0 while its head is incomplete */
    uint64_t body_left; /* still to be read past */
    int64_t due_ns;     /* when the answer held back may go out */
    struct connection *next, *previous; /* in the queue of answers held back */
    struct exchange exchange;           /* its request points into `in` */
    char in[IN_BYTES];
};

static struct connection held = {.next = &held, .previous = &held};
static int64_t delay_ns;
static int poller;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void read_header(struct request *r, const char *name, const char *value)
{
    if (!strcasecmp(name, "content-length"))
        r->length = strtoull(value, NULL, 10);
    else if (!strcasecmp(name, "expect"))
        r->expects_continue = true;
    else if (!strcasecmp(name, "transfer-encoding"))
        r->chunked = r->close = true;
    else if (!strcasecmp(name, "connection"))
        r->close |= !strcasecmp(value, "close");
    else if (!strcasecmp(name, "if-match"))
        r->if_match = value;
    else if (!strcasecmp(name, "if-none-match"))
        r->if_none_match = value;
    else if (!strcasecmp(name, "content-md5"))
        r->md5 = value;
    else if (!strcasecmp(name, "x-amz-copy-source"))
        r->copies = true;
    else if (!strncasecmp(name, "x-amz-meta-", 11)) {
        size_t used = strlen(r->metadata);
        if (used + strlen(name) + strlen(value) + 5 <= METADATA_BYTES)
            sprintf(r->metadata + used, "%s: %s\r\n", name, value);
    }
}

/* Cut the head into its lines, in place. False if it is not HTTP/1.1. */
static bool read_head(struct connection *c)
{
    struct request *r = &c->exchange.request;
    char *rest = c->in, *line = strsep(&rest, "\r");
    *r = (struct request){0};
    r->method = strsep(&line, " ");
    r->path = strsep(&line, " ");
    if (!r->path || !line || strcmp(line, "HTTP/1.1") != 0)
        return false;
    r->query = r->path;
    strsep(&r->query, "?");
    while ((line = strsep(&rest, "\r")) && line[0] == '\n' && line[1]) {
        char *value = line + 1, *name = strsep(&value, ":");
        if (value)
            read_header(r, name, value + strspn(value, " \t"));
    }
    return true;
}

static void hang_up(struct connection *c)
{
    if (c->next) {
        c->next->previous = c->previous;
        c->previous->next = c->next;
    }
    close(c->fd);
    free(c);
}

/* False if it did not go out whole: answers are small, so such a client does not read them. */
static bool send_answer(struct connection *c)
{
    size_t bytes = c->exchange.out_bytes;
    c->exchange.out_bytes = 0;
    return send(c->fd, c->exchange.out, bytes, MSG_NOSIGNAL) == (ssize_t)bytes && !c->exchange.request.close;
}

static void hold_back(struct connection *c)
{
    c->due_ns = now_ns() + delay_ns; /* the same for all, so the queue is in order */
    c->next = &held;
    c->previous = held.previous;
    held.previous = held.previous->next = c;
}

/* Take the next request from what was read. 1 answered, 0 more bytes are needed, -1 hang up. */
static int next_request(struct connection *c)
{
    if (!c->head_bytes) {
        const char *end = memmem(c->in, c->used, "\r\n\r\n", 4);
        if (!end)
            return c->used < IN_BYTES ? 0 : -1;
        c->head_bytes = (size_t)(end + 4 - c->in);
        c->in[c->head_bytes - 1] = 0; /* ends the last line's search */
        if (!read_head(c))
            return -1;
        c->body_left = c->exchange.request.length;
    }
    size_t extra = c->used - c->head_bytes;
    size_t body = extra < c->body_left ? extra : c->body_left;
    c->body_left -= body;
    memmove(c->in + c->head_bytes, c->in + c->head_bytes + body, extra - body);
    c->used -= body;
    if (c->body_left) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (c->exchange.request.expects_continue && !extra)
            send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
        c->exchange.request.expects_continue = false;
        return 0;
    }
    bool may_wait = s3_answer(&c->exchange);
    c->used -= c->head_bytes;
    memmove(c->in, c->in + c->head_bytes, c->used);
    c->head_bytes = 0;
    if (may_wait && delay_ns)
        return hold_back(c), 0;
    return send_answer(c) ? 1 : -1;
}

static void on_readable(struct connection *c)
{
    ssize_t got;
    if (c->body_left) /* MSG_TRUNC drops TCP bytes without copying them: tcp(7) */
        got = recv(c->fd, NULL, c->body_left < 1 << 30 ? c->body_left : 1 << 30, MSG_TRUNC);
    else
        got = recv(c->fd, c->in + c->used, IN_BYTES - c->used, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        return hang_up(c);
    if (c->body_left)
        c->body_left -= (uint64_t)got;
    else
        c->used += (size_t)got;
    int more = c->exchange.out_bytes || c->body_left ? 0 : 1;
    while (more > 0)
        more = next_request(c);
    if (more < 0)
        hang_up(c);
}

static void send_due(void)
{
    int64_t now = held.next == &held ? 0 : now_ns();
    while (held.next != &held && held.next->due_ns <= now) {
        struct connection *c = held.next;
        held.next = c->next;
        c->next->previous = &held;
        c->next = c->previous = NULL;
        int more = send_answer(c) ? 1 : -1;
        while (more > 0)
            more = next_request(c);
        if (more < 0)
            hang_up(c);
    }
}

static void on_client(int listener)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *c = calloc(1, sizeof *c);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("null_server: cannot listen on 127.0.0.1");
        exit(1);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--delay-ms"))
        delay_ns = atoll(argv[2]) * 1000000;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the benchmark */
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on_loopback();
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN});
    for (;;) {
        struct epoll_event events[EVENTS];
        int64_t wait_ns = held.next == &held ? -1 : held.next->due_ns - now_ns();
        int wait_ms = held.next == &held ? -1 : wait_ns > 0 ? (int)(wait_ns / 1000000) + 1 : 0;
        int ready = epoll_wait(poller, events, EVENTS, wait_ms);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr)
                on_readable(events[i].data.ptr);
            else
                on_client(listener);
        }
        send_due();
    }
}
