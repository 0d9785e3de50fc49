dnl SPDX-License-Identifier: MIT
dnl FLEETMON_CFLAG(VARIABLE, FLAG): appends FLAG to VARIABLE when the compiler takes it.
AC_DEFUN([FLEETMON_CFLAG], [
  AC_MSG_CHECKING([whether $CC accepts $2])
  fleetmon_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  CFLAGS=$fleetmon_save_CFLAGS
])
dnl FLEETMON_LDFLAG(VARIABLE, FLAG): appends FLAG to VARIABLE when the linker takes it.
AC_DEFUN([FLEETMON_LDFLAG], [
  AC_MSG_CHECKING([whether the linker accepts $2])
  fleetmon_save_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  LDFLAGS=$fleetmon_save_LDFLAGS
])
