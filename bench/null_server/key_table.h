/* A hash table of the keys that were put: what a store knows of an object, without its body. */
#ifndef KEY_TABLE_H
#define KEY_TABLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    char *key;        /* "/bucket/key" as it came in the request; NULL in a free slot */
    char *metadata;   /* whole header lines, each with its line end */
    uint64_t hash;
    uint64_t bytes;
    unsigned puts;    /* how often the key was stored */
    char etag[40];    /* without quotes */
};

struct key_table {
    struct object *slots;
    size_t capacity;  /* a power of two */
    size_t count;
};

static uint64_t key_hash(const char *key) /* FNV-1a */
{
    uint64_t hash = 14695981039346656037u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash ^ hash >> 32;
}

/* Find the slot that holds the key, or the free slot where it belongs. */
static struct object *table_slot(const struct key_table *table, const char *key, uint64_t hash)
{
    size_t i = hash & (table->capacity - 1);
    while (table->slots[i].key &&
           (table->slots[i].hash != hash || strcmp(table->slots[i].key, key) != 0))
        i = (i + 1) & (table->capacity - 1);
    return &table->slots[i];
}

static void table_grow(struct key_table *table, size_t capacity)
{
    struct key_table larger = {calloc(capacity, sizeof(struct object)), capacity, table->count};
    if (!larger.slots) {
        perror("null_server: out of memory for keys");
        exit(1);
    }
    for (size_t i = 0; i < table->capacity; i++) {
        const struct object *object = &table->slots[i];
        if (object->key)
            *table_slot(&larger, object->key, object->hash) = *object;
    }
    free(table->slots);
    *table = larger;
}

static struct object *table_find(const struct key_table *table, const char *key)
{
    struct object *slot = table->capacity ? table_slot(table, key, key_hash(key)) : NULL;
    return slot && slot->key ? slot : NULL;
}

/* Give the object under the key; one with no puts yet if there was none. */
static struct object *table_put(struct key_table *table, const char *key)
{
    if (2 * (table->count + 1) > table->capacity)
        table_grow(table, table->capacity ? 2 * table->capacity : 1024);
    uint64_t hash = key_hash(key);
    struct object *slot = table_slot(table, key, hash);
    if (!slot->key) {
        *slot = (struct object){.key = strdup(key), .hash = hash};
        table->count++;
    }
    return slot;
}

static void table_forget(struct key_table *table, struct object *object)
{
    free(object->key);
    free(object->metadata);
    *object = (struct object){0};
    table->count--;
    /* Later slots of the same run may have been pushed past this one: put them where they belong. */
    size_t i = (size_t)(object - table->slots);
    for (;;) {
        i = (i + 1) & (table->capacity - 1);
        struct object moved = table->slots[i];
        if (!moved.key)
            return;
        table->slots[i] = (struct object){0};
        *table_slot(table, moved.key, moved.hash) = moved;
    }
}

static void table_clear(struct key_table *table)
{
    for (size_t i = 0; i < table->capacity; i++) {
        free(table->slots[i].key);
        free(table->slots[i].metadata);
    }
    free(table->slots);
    *table = (struct key_table){0};
}

#endif
