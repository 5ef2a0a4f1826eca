/* A disk that keeps only what was fsynced. Preloaded into the relay: at each fsync or fdatasync
 * of a file under POWER_CUT_ROOT its content is copied to POWER_CUT_IMAGE/f<inode>, at each of a
 * directory its list of names to POWER_CUT_IMAGE/d<inode>. After a kill, what can be built from
 * that image is what a power cut would have left. sync_file_range is no fsync. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void keep(int fd) {
    const char *root = getenv("POWER_CUT_ROOT"), *image = getenv("POWER_CUT_IMAGE");
    char link[64], path[PATH_MAX], part[PATH_MAX], whole[PATH_MAX];
    struct stat st;
    if (!root || !image || fstat(fd, &st) != 0) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0) return;
    path[len] = 0;
    if (strncmp(path, root, strlen(root)) != 0) return;
    char kind = S_ISDIR(st.st_mode) ? 'd' : 'f';
    snprintf(part, sizeof part, "%s/part%ld", image, (long)syscall(SYS_gettid));
    snprintf(whole, sizeof whole, "%s/%c%llu", image, kind, (unsigned long long)st.st_ino);
    FILE *out = fopen(part, "w");
    if (!out) abort();
    if (kind == 'd') {
        DIR *dir = opendir(path);
        struct dirent *name;
        while (dir && (name = readdir(dir)))
            if (name->d_name[0] != '.')
                fprintf(out, "%c %llu %s\n", name->d_type == DT_DIR ? 'd' : 'f', (unsigned long long)name->d_ino, name->d_name);
        if (dir) closedir(dir);
    } else {
        static _Thread_local char buffer[1 << 16];
        int in = open(link, O_RDONLY);
        ssize_t got;
        while (in >= 0 && (got = read(in, buffer, sizeof buffer)) > 0) fwrite(buffer, 1, got, out);
        if (in >= 0) close(in);
    }
    if (fclose(out) != 0 || rename(part, whole) != 0) abort();
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (result == 0) keep(fd);
    return result;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    if (result == 0) keep(fd);
    return result;
}
