/* SPDX-License-Identifier: MIT */
/*
 * What a process and its transport process say to each other, over a Unix socket of one machine and
 * one build: the server greets, the client sends a request, the server answers; then the next
 * request may follow. A frame is a head of two numbers in the machine's own byte order, the kind
 * and the length of what comes after it. Readers take any bytes: what is not to the letter is
 * refused. Frames hold tokens: wipe them. No I/O here.
 */
#ifndef FLEETMON_TRANSPORT_FRAME_H
#define FLEETMON_TRANSPORT_FRAME_H

#include "transport.h"

#define FLEET_FRAME_HEAD ((size_t)8) /* bytes */
#define FLEET_FRAME_HEADERS 32	     /* of a request */
#define FLEET_FRAME_MAX_METHOD ((size_t)15)
#define FLEET_FRAME_MAX_TLS ((size_t)4096)	   /* bytes of each text of struct fleet_tls */
#define FLEET_FRAME_MAX_HEADERS ((size_t)64 << 10) /* bytes of all headers of a request */
#define FLEET_FRAME_MAX_BODY ((size_t)1 << 20)	   /* bytes of a request's body */
#define FLEET_FRAME_MAX_ANSWER ((size_t)8 << 20)   /* bytes, the largest max_body of a request */
/* Bytes of a request's frame after its head. */
#define FLEET_FRAME_MAX_REQUEST (FLEET_FRAME_MAX_BODY + ((size_t)256 << 10))

/* The kinds carry the version: one that is not known is another build's. */
enum fleet_frame_kind {
	FLEET_FRAME_GREETING = 0x31474c46, /* without more: "your turn" */
	FLEET_FRAME_REQUEST = 0x31514c46,
	FLEET_FRAME_ANSWER = 0x31414c46,
};

/* Writes a head into BYTES (FLEET_FRAME_HEAD). */
void fleet_frame_head(char *bytes, enum fleet_frame_kind kind, size_t len);

/* Reads a head of the KIND that is expected. Returns 0, or FLEET_E_PROTOCOL for another kind or
 * more than MOST bytes after it. */
int fleet_frame_head_read(const char *bytes, enum fleet_frame_kind kind, size_t most,
			  size_t *ret_len);

/* A request that was read; texts and body point into the bytes it was read from. */
struct fleet_frame_request {
	struct fleet_tls tls;
	struct fleet_request request; /* headers: those below */
	const char *headers[FLEET_FRAME_HEADERS + 1];
};

/*
 * Appends a whole frame, head and all. The deadline goes over as it is, on the monotonic clock:
 * both sides are on one machine, and a request that waited in the socket must not have gained that
 * time. Returns 0, FLEET_E_LIMIT when something is longer than it may be, FLEET_E_NOMEM.
 */
int fleet_frame_request_write(const struct fleet_tls *tls, const struct fleet_request *request,
			      struct fleet_buf *out, struct fleet_error *error);

/* Reads the LEN bytes after the head. FRAME points into them and to itself: do not copy it. Returns
 * 0 or FLEET_E_PROTOCOL. */
int fleet_frame_request_read(const char *bytes, size_t len, struct fleet_frame_request *frame);

/* Appends the frame of what send of struct fleet_transport gave (RC, RESPONSE, and ERROR when RC is
 * not 0), all but the bytes of the body, which follow it on the wire. Returns 0 or FLEET_E_NOMEM.
 */
int fleet_frame_answer_write(int rc, const struct fleet_response *response,
			     const struct fleet_error *error, struct fleet_buf *out);

/* Bytes after the head of an answer to a request with that MAX_BODY, at most. */
size_t fleet_frame_answer_most(size_t max_body);

/*
 * Reads the LEN bytes after the head into RESPONSE, whose buffers are initialised and empty (their
 * caps bound what is taken), *RET_RC, and ERROR (which may be NULL) when that is not 0. Returns 0,
 * FLEET_E_PROTOCOL, or FLEET_E_NOMEM; then RESPONSE may hold a part and is to be finished.
 */
int fleet_frame_answer_read(const char *bytes, size_t len, struct fleet_response *response,
			    int *ret_rc, struct fleet_error *error);

#endif
