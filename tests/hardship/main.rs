//! What goes wrong outside: crashes, full disks, damaged and foreign folders, rubbish on the port. The real program, as a process of its own on
//! loopback with temporary folders, and real clients; clients that are wrong themselves, and settings that change. Also the stored folder of format 1, which every release has to open.

mod backups;
mod folders;
mod format;
mod full_disk;
mod killed;
mod logs;
mod made_up;
mod process;
mod push;
mod push_client;
mod reread;
mod rubbish;
mod stopped;
mod wire;
