/* One HTTP request, and what is answered to it. */
#ifndef S3_H
#define S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUT_BYTES = 8192, METADATA_BYTES = 4096 };

struct request {
    char *method, *path, *query; /* query is NULL without a question mark */
    const char *if_match, *if_none_match, *md5;
    uint64_t length; /* of the body, in bytes */
    bool expects_continue, chunked, copies, close;
    char metadata[METADATA_BYTES]; /* the x-amz-meta-* lines, each with its line end */
};

struct exchange {
    struct request request;
    size_t out_bytes; /* of the answer, until it is sent */
    char out[OUT_BYTES];
};

/* Write the answer to a request whose head and body are read; true if it may be held back. */
bool s3_answer(struct exchange *exchange);

#endif
