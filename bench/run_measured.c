/*
 * Run a program and write what it cost: run_measured RESULT PROGRAM [ARGUMENT ...]
 *
 * A child's peak memory as the kernel tells it (ru_maxrss) begins with the size of the process
 * that forked it; so the program is forked from here, where that is one megabyte, and not from a
 * Python interpreter. CPU time and memory are the program's and those of its own children that it
 * waited for. Source: wait4(2), getrusage(2), exec_mmap() in Linux's fs/exec.c.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct timespec start, end;
    struct rusage used;
    int status;
    FILE *result = argc < 3 ? NULL : fopen(argv[1], "we");
    if (!result) {
        fputs("usage: run_measured RESULT PROGRAM [ARGUMENT ...]\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlive the benchmark */
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("run_measured");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    fprintf(result,
            "{\"exit_code\": %d, \"wall_seconds\": %.6f, \"user_seconds\": %.6f, "
            "\"system_seconds\": %.6f, \"max_rss_kib\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
            seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss);
    return fclose(result) == 0 ? 0 : 1;
}
