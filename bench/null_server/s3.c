/* What an S3 store answers to one request, out of a table of keys. */
#include "s3.h"

#include <stdio.h>
#include <time.h>

#include "key_table.h"

static struct key_table objects;
static uint64_t requests, stored, refused;

static const char *http_date(void)
{
    static char text[40];
    static time_t written;
    time_t now = time(NULL);
    if (now != written)
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    written = now;
    return text;
}

static void answer_with(struct exchange *x, const char *status, const char *headers,
                        uint64_t length, const char *body)
{
    x->out_bytes = (size_t)snprintf(x->out, OUT_BYTES,
        "HTTP/1.1 %s\r\nDate: %s\r\nServer: null-server\r\nx-amz-request-id: %016llX\r\n"
        "Content-Length: %llu\r\n%s\r\n%s",
        status, http_date(), (unsigned long long)requests, (unsigned long long)length, headers, body);
}

static void answer(struct exchange *x, const char *status, const char *headers, const char *body)
{
    answer_with(x, status, headers, strlen(body), strcmp(x->request.method, "HEAD") ? body : "");
}

static void answer_error(struct exchange *x, const char *status, const char *code)
{
    char body[256];
    snprintf(body, sizeof body,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
             "<Message>null-server: %s</Message></Error>", code, status);
    answer(x, status, "Content-Type: application/xml\r\n", body);
}

static void answer_stats(struct exchange *x, const char *prefix)
{
    uint64_t keys = 0, bytes = 0, repeated = 0;
    for (size_t i = 0; i < objects.capacity; i++) {
        const struct object *o = &objects.slots[i];
        if (!o->key || strncmp(o->key, prefix, strlen(prefix)) != 0)
            continue;
        keys++;
        bytes += o->bytes;
        repeated += o->puts > 1;
    }
    char body[256];
    snprintf(body, sizeof body,
             "{\"requests\": %llu, \"puts\": %llu, \"refused\": %llu, "
             "\"keys\": %llu, \"bytes\": %llu, \"repeated\": %llu}\n",
             (unsigned long long)requests, (unsigned long long)stored, (unsigned long long)refused,
             (unsigned long long)keys, (unsigned long long)bytes, (unsigned long long)repeated);
    answer(x, "200 OK", "Content-Type: application/json\r\n", body);
}

/* Many clients take the ETag of a small object for its MD5, so it is, where they told it. */
static void set_etag(char etag[40], const char *md5)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, value = 0, written = 0;
    for (const char *p = md5; p && *p && written < 32; p++) {
        const char *digit = strchr(alphabet, *p);
        if (!digit)
            break;
        value = value << 6 | (unsigned)(digit - alphabet);
        for (bits += 6; bits >= 4 && written < 32; bits -= 4)
            etag[written++] = "0123456789abcdef"[value >> (bits - 4) & 15];
    }
    if (written < 32)
        snprintf(etag, 40, "%016llx-1", (unsigned long long)stored);
    else
        etag[written] = 0;
}

static bool same_etag(const char *asked, const char *etag)
{
    size_t quote = *asked == '"';
    size_t length = strlen(asked) - 2 * quote;
    return length == strlen(etag) && strncmp(asked + quote, etag, length) == 0;
}

static void put_object(struct exchange *x, struct object *object)
{
    struct request *r = &x->request;
    char headers[80];
    if (r->if_match && !object)
        return answer_error(x, "404 Not Found", "NoSuchKey");
    if ((r->if_none_match && object) || (r->if_match && !same_etag(r->if_match, object->etag))) {
        refused++;
        return answer_error(x, "412 Precondition Failed", "PreconditionFailed");
    }
    stored++;
    object = table_put(&objects, r->path);
    object->puts++;
    object->bytes = r->length;
    free(object->metadata);
    object->metadata = strdup(r->metadata);
    set_etag(object->etag, r->md5);
    snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n", object->etag);
    answer(x, "200 OK", headers, "");
}

static void head_object(struct exchange *x, const struct object *object)
{
    char headers[METADATA_BYTES + 160];
    snprintf(headers, sizeof headers, "ETag: \"%s\"\r\nLast-Modified: %s\r\n%s", object->etag,
             http_date(), object->metadata);
    answer_with(x, "200 OK", headers, object->bytes, "");
}

static void on_object(struct exchange *x)
{
    struct request *r = &x->request;
    struct object *object = table_find(&objects, r->path);
    bool plain = !r->copies && (!r->query || strncmp(r->query, "x-id=", 5) == 0 ||
                                strncmp(r->query, "X-Amz-", 6) == 0);
    if (plain && !strcmp(r->method, "PUT"))
        return put_object(x, object);
    if (plain && !strcmp(r->method, "DELETE")) {
        if (object)
            table_forget(&objects, object);
        return answer(x, "204 No Content", "", "");
    }
    if (!object && (!strcmp(r->method, "HEAD") || !strcmp(r->method, "GET")))
        return answer_error(x, "404 Not Found", "NoSuchKey");
    if (plain && !strcmp(r->method, "HEAD"))
        return head_object(x, object);
    answer_error(x, "501 Not Implemented", "NotImplemented");
}

static void on_bucket(struct exchange *x)
{
    const char *method = x->request.method;
    if (!strcmp(method, "GET"))
        answer(x, "200 OK", "Content-Type: application/xml\r\n",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>"
               "<IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>");
    else if (!strcmp(method, "HEAD") || !strcmp(method, "PUT"))
        answer(x, "200 OK", "", "");
    else
        answer_error(x, "501 Not Implemented", "NotImplemented");
}

/* Answer the request whose head and body are read; true if the answer may be held back. */
bool s3_answer(struct exchange *x)
{
    struct request *r = &x->request;
    if (!strncmp(r->path, "/__stats__", 10))
        return answer_stats(x, r->path + 10), false;
    if (!strcmp(r->path, "/__reset__")) {
        table_clear(&objects);
        requests = stored = refused = 0;
        return answer(x, "204 No Content", "", ""), false;
    }
    requests++;
    size_t bucket = strspn(r->path + 1, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    const char *rest = r->path + 1 + bucket;
    if (r->path[0] != '/' || bucket < 3 || bucket > 63 || (*rest && *rest != '/'))
        answer_error(x, "400 Bad Request", "InvalidBucketName");
    else if (r->chunked)
        answer_error(x, "411 Length Required", "MissingContentLength");
    else if (rest[0] && rest[1])
        on_object(x);
    else
        on_bucket(x);
    return true;
}
