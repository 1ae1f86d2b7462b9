// Who makes what in an embedded image, in the words of the CPE dictionary, where build systems name no vendor; and
// how CNAs write the same makers in prose. Facts, gathered by hand; a product may have had several makers.
#pragma once

#include <array>
#include <string_view>

namespace hf::vuln {

struct ProductMakers {
  std::string_view product;  // folded
  std::string_view vendors;  // folded, separated by a space
};

inline constexpr std::array kProductMakers{
    ProductMakers{"alsa_lib", "alsa_project"},
    ProductMakers{"alsa_utils", "alsa_project"},
    ProductMakers{"avahi", "avahi"},
    ProductMakers{"bash", "gnu"},
    ProductMakers{"bind", "isc"},
    ProductMakers{"binutils", "gnu"},
    ProductMakers{"bluez", "bluez"},
    ProductMakers{"boost", "boost"},
    ProductMakers{"busybox", "busybox"},
    ProductMakers{"bzip2", "bzip bzip2"},
    ProductMakers{"coreutils", "gnu"},
    ProductMakers{"cpio", "gnu"},
    ProductMakers{"curl", "haxx"},
    ProductMakers{"dbus", "freedesktop d_bus_project dbus_project"},
    ProductMakers{"dhcpcd", "dhcpcd_project roy_marples"},
    ProductMakers{"diffutils", "gnu"},
    ProductMakers{"dnsmasq", "thekelleys"},
    ProductMakers{"dropbear_ssh", "dropbear_ssh_project matt_johnston"},
    ProductMakers{"e2fsprogs", "e2fsprogs_project ext2_filesystems_utilities"},
    ProductMakers{"elfutils", "elfutils_project"},
    ProductMakers{"file", "file_project"},
    ProductMakers{"freetype", "freetype"},
    ProductMakers{"gawk", "gnu"},
    ProductMakers{"gcc", "gnu"},
    ProductMakers{"gdb", "gnu"},
    ProductMakers{"glib", "gnome"},
    ProductMakers{"glibc", "gnu"},
    ProductMakers{"gmp", "gmplib"},
    ProductMakers{"gnutls", "gnu"},
    ProductMakers{"grep", "gnu"},
    ProductMakers{"grub2", "gnu"},
    ProductMakers{"gzip", "gnu"},
    ProductMakers{"hostapd", "w1.fi"},
    ProductMakers{"iptables", "netfilter"},
    ProductMakers{"json_c", "json_c"},
    ProductMakers{"kmod", "kernel"},
    ProductMakers{"libarchive", "libarchive"},
    ProductMakers{"libcap", "libcap_project"},
    ProductMakers{"libcurl", "haxx"},
    ProductMakers{"libexpat", "libexpat_project"},
    ProductMakers{"libffi", "libffi_project"},
    ProductMakers{"libgcrypt", "gnupg"},
    ProductMakers{"libidn2", "gnu"},
    ProductMakers{"libjpeg_turbo", "libjpeg_turbo"},
    ProductMakers{"libpng", "libpng"},
    ProductMakers{"libseccomp", "libseccomp_project"},
    ProductMakers{"libssh2", "libssh2"},
    ProductMakers{"libtiff", "libtiff"},
    ProductMakers{"libtirpc", "libtirpc_project"},
    ProductMakers{"libxcrypt", "libxcrypt_project"},
    ProductMakers{"libxml2", "xmlsoft"},
    ProductMakers{"libxslt", "xmlsoft"},
    ProductMakers{"linux_kernel", "linux"},
    ProductMakers{"linux_pam", "linux_pam"},
    ProductMakers{"lua", "lua"},
    ProductMakers{"lwip", "lwip_project"},
    ProductMakers{"lz4", "lz4_project yann_collet"},
    ProductMakers{"lzo", "oberhumer"},
    ProductMakers{"mbed_tls", "arm"},
    ProductMakers{"mbedtls", "arm mbed trustedfirmware"},
    ProductMakers{"mosquitto", "eclipse"},
    ProductMakers{"ncurses", "gnu invisible_island"},
    ProductMakers{"nettle", "nettle_project"},
    ProductMakers{"nginx", "f5 nginx"},
    ProductMakers{"openssh", "openbsd"},
    ProductMakers{"openssl", "openssl"},
    ProductMakers{"openvpn", "openvpn"},
    ProductMakers{"patch", "gnu"},
    ProductMakers{"pcre", "pcre"},
    ProductMakers{"pcre2", "pcre"},
    ProductMakers{"perl", "perl"},
    ProductMakers{"ppp", "samba point_to_point_protocol_project"},
    ProductMakers{"procps_ng", "procps_ng_project"},
    ProductMakers{"python", "python"},
    ProductMakers{"qemu", "qemu"},
    ProductMakers{"readline", "gnu"},
    ProductMakers{"rsync", "samba"},
    ProductMakers{"sed", "gnu"},
    ProductMakers{"shadow", "debian shadow_project shadow_maint"},
    ProductMakers{"sqlite", "sqlite"},
    ProductMakers{"strace", "strace"},
    ProductMakers{"sudo", "sudo_project todd_miller"},
    ProductMakers{"systemd", "systemd_project freedesktop"},
    ProductMakers{"tar", "gnu"},
    ProductMakers{"tcpdump", "tcpdump"},
    ProductMakers{"u_boot", "denx"},
    ProductMakers{"unzip", "unzip_project info_zip"},
    ProductMakers{"util_linux", "kernel andries_brouwer"},
    ProductMakers{"vim", "vim"},
    ProductMakers{"wget", "gnu"},
    ProductMakers{"wolfssl", "wolfssl"},
    ProductMakers{"wpa_supplicant", "w1.fi"},
    ProductMakers{"xz", "tukaani xz_project"},
    ProductMakers{"zephyr", "zephyrproject zephyrproject_rtos"},
    ProductMakers{"zlib", "zlib gnu"},
    ProductMakers{"zstandard", "facebook"},
    ProductMakers{"zstd", "facebook"},
};

struct VendorName {
  std::string_view written;  // folded, as a CNA writes it
  std::string_view vendor;   // folded, as the CPE dictionary says
};

inline constexpr std::array kVendorNames{
    VendorName{"apache_software_foundation", "apache"},
    VendorName{"curl", "haxx"},
    VendorName{"eclipse_foundation", "eclipse"},
    VendorName{"gnu_c_library", "gnu"},
    VendorName{"kernel.org", "linux"},
    VendorName{"nginx", "f5"},
    VendorName{"openssl_software_foundation", "openssl"},
    VendorName{"python_software_foundation", "python"},
    VendorName{"the_gnu_c_library", "gnu"},
    VendorName{"the_gnu_project", "gnu"},
    VendorName{"zephyrproject_rtos", "zephyrproject"},
};

// CNAs' product texts for products that the CPE dictionary names otherwise.
struct ProductName {
  std::string_view vendor, written, product;  // folded
};
inline constexpr std::array kProductNames{
    ProductName{"linux", "linux", "linux_kernel"},
    ProductName{"linux", "kernel", "linux_kernel"},
    ProductName{"gnu", "gnu_c_library", "glibc"},
    ProductName{"openbsd", "openbsd_openssh", "openssh"},
};

}  // namespace hf::vuln
